import { allTopics } from '@weir/topics';
import type { Command, Option } from 'commander';

/** What may come next, and what it is. */
export interface Candidate {
  readonly word: string;
  readonly about: string;
}

/**
 * What could stand in the place of the last word, which may be empty; the words before it are those after `weir`.
 *
 * Nothing is asked of any service: a shell waits for the answer at each press of the key.
 */
export function candidates(program: Command, words: readonly string[]): Candidate[] {
  const [before, last] = [words.slice(0, -1), words.at(-1) ?? ''];
  const { command, awaited, operands } = walk(program, before);
  const found =
    awaited === null
      ? [...subcommandsOf(command, operands), ...argumentsOf(command, operands), ...optionsOf(command, program, last)]
      : choicesOf(awaited);
  return found.filter(({ word }) => word.startsWith(last));
}

interface Place {
  readonly command: Command;
  /** An option that waits for its value. */
  readonly awaited: Option | null;
  /** How many operands the command has already. */
  readonly operands: number;
}

function walk(program: Command, words: readonly string[]): Place {
  let command = program;
  let awaited: Option | null = null;
  let operands = 0;
  for (const word of words) {
    if (awaited !== null) {
      awaited = null;
      continue;
    }
    if (word.startsWith('-')) {
      const option = [...command.options, ...program.options].find((each) => each.long === word || each.short === word);
      awaited = option?.required === true ? option : null;
      continue;
    }
    const inner = command.commands.find((each) => each.name() === word);
    if (inner === undefined) operands += 1;
    else [command, operands] = [inner, 0];
  }
  return { command, awaited, operands };
}

const subcommandsOf = (command: Command, operands: number): Candidate[] =>
  operands > 0
    ? []
    : command
        .createHelp()
        .visibleCommands(command)
        .map((each) => ({ word: each.name(), about: each.summary() || each.description() }));

/** Names that are known without asking: those of Weir's topics. */
function argumentsOf(command: Command, operands: number): Candidate[] {
  const argument = command.registeredArguments[operands];
  if (argument?.name() === 'topic') return allTopics.map(({ name, why }) => ({ word: name, about: why }));
  return (argument?.argChoices ?? []).map((word) => ({ word, about: argument?.description ?? '' }));
}

function optionsOf(command: Command, program: Command, last: string): Candidate[] {
  if (!last.startsWith('-')) return [];
  const options = new Set([...command.createHelp().visibleOptions(command), ...program.options]);
  return [...options].flatMap(({ long, description }) =>
    long === undefined || long === null ? [] : [{ word: long, about: description }],
  );
}

const choicesOf = ({ argChoices, description }: Option): Candidate[] =>
  (argChoices ?? []).map((word) => ({ word, about: description }));
