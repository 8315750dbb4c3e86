/**
 * `npm test`: runs the tests of every package and app, on engines of their own.
 *
 * Arguments go to Jest: `npm test -- --selectProjects kafka`. With WEIR_TEST_ENGINES set no engine is started.
 */
import { runJest } from './run-jest.mjs';

await runJest(process.argv.slice(2));
