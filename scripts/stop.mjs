/** `npm stop`: ends the stack that runs in WEIR_HOME, also one that was started with --detach. */
import { existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

import { runMain, SetupError } from './console.mjs';
import { repository, stackDirectory } from './places.mjs';

const PATIENCE_MS = 90_000;

await runMain(async () => {
  if (!existsSync(`${repository}/packages/local-stack/dist/index.js`)) {
    console.log('Nothing runs: nothing has been compiled here yet.');
    return 0;
  }
  const { StackHome, StackLock } = await import('@weir/local-stack');
  const home = new StackHome(stackDirectory);
  const supervisor = StackLock.runningSupervisor(home);
  if (supervisor === null) {
    const left = StackLock.clearStale(home);
    console.log(
      left.length === 0 ? `No stack runs in ${stackDirectory}.` : `Ended what a dead stack left: ${left.join(', ')}.`,
    );
    return 0;
  }
  process.kill(supervisor.pid, 'SIGTERM');
  const deadline = Date.now() + PATIENCE_MS;
  while (StackLock.runningSupervisor(home) !== null) {
    if (Date.now() > deadline)
      throw new SetupError(`The stack (process ${supervisor.pid}) did not stop within ${PATIENCE_MS / 1000} s.`);
    await wait(100);
  }
  console.log('Stopped.');
  return 0;
});
