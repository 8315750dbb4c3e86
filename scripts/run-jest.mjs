import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { bootstrap } from './bootstrap.mjs';
import { exitOf, runMain } from './console.mjs';
import { repository } from './places.mjs';

/**
 * Makes the clone ready, apps compiled, and runs Jest in it; the process then ends with Jest's verdict.
 *
 * @param {readonly string[]} args
 */
export function runJest(args) {
  return runMain(async () => {
    const given = process.env['WEIR_TEST_ENGINES'] !== undefined;
    const java = !given && process.env['WEIR_ENGINES'] !== 'docker';
    const env = await bootstrap({ java, build: null, onLine: (line) => console.log(line) });
    const jest = spawn(process.execPath, [join(repository, 'node_modules/jest/bin/jest.js'), ...args], {
      cwd: repository,
      env: {
        ...env,
        UV_THREADPOOL_SIZE: '16', // as the apps have it that tests run within Jest's processes
        NODE_OPTIONS: `${env['NODE_OPTIONS'] ?? ''} --experimental-vm-modules --disable-warning=ExperimentalWarning`,
      },
      stdio: 'inherit',
    });
    process.on('SIGINT', () => undefined); // Jest has it too, and is waited for
    process.on('SIGTERM', () => jest.kill('SIGTERM'));
    const how = await exitOf(jest);
    if (how !== null && how !== 'exit code 1') console.error(`Jest ended by ${how}`); // 1: tests failed, and it said which
    return how === null ? 0 : 1;
  });
}
