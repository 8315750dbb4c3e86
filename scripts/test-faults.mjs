/**
 * `npm run test:faults`: takes apps and engines away under load, and holds what is stored against what was accepted.
 *
 * Some ten minutes on two cores; with WEIR_FAULTS=long, an hour or so. Arguments go to Jest: `npm run test:faults -- killed-apps`.
 */
import { runJest } from './run-jest.mjs';

await runJest(['--config', 'e2e/faults/jest.config.js', ...process.argv.slice(2)]);
