import type { Command } from 'commander';

import type { Context } from './context.js';
import type { ExitCode } from './exit-codes.js';

/** The work of a command; the exit code is 0 unless it answers another one. */
type Work = (context: Context) => Promise<ExitCode | void>;

/** Runs the work of whichever command was typed. */
export interface Shell {
  run(work: Work): Promise<void>;
}

/** A line to type, and what it does. */
export type Example = readonly [line: string, about: string];

const examplesOf = new WeakMap<Command, readonly Example[]>();

/** Adds a command below `parent`, with examples for its help and for the reference. */
export function subcommand(parent: Command, usage: string, about: string, examples: readonly Example[]): Command {
  const command = parent.command(usage).description(about);
  examplesOf.set(command, examples);
  const width = Math.max(0, ...examples.map(([line]) => line.length));
  const lines = examples.map(([line, meaning]) =>
    width > LONG_LINE ? `  ${line}\n      ${meaning}` : `  ${line.padEnd(width)}  ${meaning}`,
  );
  if (lines.length > 0) command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
  return command;
}

const LONG_LINE = 44;

export const examples = (command: Command): readonly Example[] => examplesOf.get(command) ?? [];
