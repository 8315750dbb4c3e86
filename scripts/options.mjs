/** What can be said on the command line of `npm start`. */
import { parseArgs } from 'node:util';

import { SetupError } from './console.mjs';

/** @typedef {{ apps: boolean, fresh: boolean, brokers: number }} StackOptions */

/** @returns {StackOptions & { detach: boolean }} */
export function readArguments() {
  const { detach = false, fresh = false, brokers: text = '1', 'no-apps': enginesOnly = false } = parse();
  const brokers = Number(text);
  if (brokers !== 1 && brokers !== 3) throw new SetupError(`--brokers ${text}: 1 or 3 can be started.`);
  return { detach, fresh, brokers, apps: !enginesOnly };
}

function parse() {
  try {
    return parseArgs({
      options: {
        detach: { type: 'boolean' },
        fresh: { type: 'boolean' },
        'no-apps': { type: 'boolean' },
        brokers: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new SetupError(error instanceof Error ? error.message : String(error));
  }
}
