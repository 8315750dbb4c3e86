// Lets Node itself run the workspace's TypeScript without a build:
//   node --conditions=@weir/source --import @weir/jest-preset/run-source some/file.ts
// For child processes of tests and for scripts that read the source. Processes in production run built code.
import { register } from 'node:module';

register('./run-source-hooks.js', import.meta.url);
