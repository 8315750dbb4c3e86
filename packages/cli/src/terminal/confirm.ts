import { createInterface } from 'node:readline/promises';

import type { Context } from '../context.js';
import { UsageFailure } from '../failures.js';

/**
 * Asks before something is done. Without a terminal nobody can answer, and `--yes` has to say it.
 *
 * Throws UsageFailure there; answers false where somebody says no.
 */
export async function confirmed(context: Context, question: string, yes: boolean): Promise<boolean> {
  if (yes) return true;
  const { stdin, stderr } = context.terminal.streams;
  if (stdin.isTTY !== true || stderr.isTTY !== true || context.json)
    throw new UsageFailure('Nobody can be asked here: give --yes to do it.');
  // The question is talk, and goes where talk goes.
  const dialogue = createInterface({ input: stdin, output: process.stderr });
  dialogue.once('SIGINT', () => dialogue.close());
  try {
    const answer = await dialogue.question(`${question} [y/N] `, { signal: context.signal });
    return /^y(?:es)?$/i.test(answer.trim());
  } finally {
    dialogue.close();
  }
}
