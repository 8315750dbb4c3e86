/** What can be said on the command line of `npm start`. */
import { parseArgs } from 'node:util';

import { SetupError } from './console.mjs';

/** @typedef {{ apps: boolean, fresh: boolean, brokers: number, secured: boolean, prometheus: boolean }} StackOptions */

/** What `--with` adds. */
const ADDITIONS = ['prometheus'];

/** @returns {StackOptions & { detach: boolean }} */
export function readArguments() {
  const given = parse();
  const { detach = false, fresh = false, secured = false, brokers: text = '1', 'no-apps': enginesOnly = false } = given;
  const additions = given.with ?? [];
  const brokers = Number(text);
  if (brokers !== 1 && brokers !== 3) throw new SetupError(`--brokers ${text}: 1 or 3 can be started.`);
  const unknown = additions.find((name) => !ADDITIONS.includes(name));
  if (unknown !== undefined) throw new SetupError(`--with ${unknown}: it can be ${ADDITIONS.join(' or ')}.`);
  return { detach, fresh, brokers, secured, apps: !enginesOnly, prometheus: additions.includes('prometheus') };
}

function parse() {
  try {
    return parseArgs({
      options: {
        detach: { type: 'boolean' },
        fresh: { type: 'boolean' },
        'no-apps': { type: 'boolean' },
        secured: { type: 'boolean' },
        brokers: { type: 'string' },
        with: { type: 'string', multiple: true },
      },
    }).values;
  } catch (error) {
    throw new SetupError(error instanceof Error ? error.message : String(error));
  }
}
