import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

import type { Stage } from './stage.js';

/** What the bench was asked for. */
export interface BenchArguments {
  readonly stages: readonly Stage[];
  readonly list: boolean;
  readonly full: boolean;
  readonly pairs: number;
  readonly peers: boolean;
  /** Where CPU profiles of the apps go. */
  readonly profiles: string | null;
  /** Variables of the apps that are other than usual. */
  readonly settings: Readonly<Record<string, string>>;
}

const PAIRS = { small: 5, full: 7 };

/** Of the words behind `npm run bench --`, or what is wrong with them, for people. */
export function readArguments(words: readonly string[], all: readonly Stage[]): BenchArguments | string {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(words);
  } catch (error) {
    return (error as Error).message;
  }
  const { values, positionals } = parsed;
  const unknown = positionals.filter((name) => !all.some((stage) => stage.name === name));
  if (unknown.length > 0) return `No such stage: ${unknown.join(', ')}. --list tells which there are.`;
  const pairs = values.pairs === undefined ? PAIRS[values.full ? 'full' : 'small'] : Number(values.pairs);
  if (!Number.isSafeInteger(pairs) || pairs < 1) return `--pairs ${values.pairs} is no number of runs.`;
  const settings = values.set.map((each) => /^(?<name>[A-Z][A-Z0-9_]*)=(?<value>.*)$/su.exec(each)?.groups);
  if (settings.includes(undefined)) return '--set wants NAME=VALUE.';
  return {
    stages: all.filter(({ name, onRequest = false }) =>
      positionals.length === 0 ? values.full || !onRequest : positionals.includes(name),
    ),
    list: values.list,
    full: values.full,
    pairs,
    peers: values.peers,
    profiles: values.profile === undefined ? null : resolve(values.profile),
    settings: Object.fromEntries(settings.map((each) => [each?.['name'] ?? '', each?.['value'] ?? ''])),
  };
}

function parse(words: readonly string[]) {
  return parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      full: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      pairs: { type: 'string' },
      peers: { type: 'boolean', default: false },
      profile: { type: 'string' },
      set: { type: 'string', multiple: true, default: [] },
    },
  });
}
