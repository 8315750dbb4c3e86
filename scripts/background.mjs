/** The process that owns a stack started with `--detach`. It tells its starter, while that listens, what it would print. */
import { runMain } from './console.mjs';
import { readArguments } from './options.mjs';
import { supervise } from './supervise.mjs';

/** @param {unknown} message */
function tell(message) {
  if (process.connected) process.send?.(message);
}

/** @param {string} line */
function say(line) {
  console.log(line);
  tell(line);
}

await runMain(() => supervise(readArguments(), say, () => tell({ ready: true })), tell);
if (process.connected) process.disconnect();
