import { type Command, Option } from 'commander';

import type { LetterGroup } from '../../api/answers.js';
import type { HttpApi } from '../../api/http-api.js';
import { UsageFailure } from '../../failures.js';
import { moment, whole } from '../arguments.js';

/** Flags that pick dead letters, as every command about several of them has them. */
export interface FilterOptions {
  readonly tenant?: string;
  readonly class?: string;
  readonly reason?: string;
  readonly fingerprint?: string;
  readonly schema?: number;
  readonly topic?: string;
  readonly partition?: number;
  readonly from?: number;
  readonly to?: number;
  readonly text?: string;
  readonly state?: string;
}

export interface SelectionOptions extends FilterOptions {
  readonly all?: boolean;
}

const CLASSES = ['poison', 'invalid', 'rejected', 'unreadable'];
const STATES = ['open', 'replaying', 'recovered', 'failed_again', 'discarded', 'parked'];
const REASONS = [
  'frame',
  'unknown_schema',
  'decode',
  'tenant',
  'name',
  'labels',
  'value',
  'timestamp',
  'null_value',
  'database',
  'unreadable',
];
const MAX_ID = 2_147_483_647;

/** Adds `--tenant` and its like. */
export function withFilter(command: Command): Command {
  return withGroupFilter(command)
    .option('--fingerprint <id>', 'of this group (weir dlq groups)')
    .option('--topic <name>', 'that failed in this topic')
    .option('--partition <n>', 'that failed in this partition; with --topic', whole(0, MAX_ID));
}

/** The part of it that groups have. */
export function withGroupFilter(command: Command): Command {
  return command
    .option('--tenant <id>', 'of this tenant')
    .addOption(new Option('--class <class>', 'whose fault it is').choices(CLASSES))
    .addOption(new Option('--reason <reason>', 'why it failed').choices(REASONS))
    .option('--schema <id>', 'written with this schema', whole(0, MAX_ID))
    .option('--from <time>', 'since then: 1h, 7d, RFC 3339', moment)
    .option('--to <time>', 'before then', moment)
    .option('--text <words>', 'whose error has all of these words')
    .addOption(new Option('--state <state>', 'in this state').choices(STATES));
}

/** Of a fingerprint, which is a hash in hexadecimal. */
const WHOLE_FINGERPRINT = 32;
const MOST_GROUPS = 10_000;

/**
 * As the API's parameters have it. A fingerprint may be given by its beginning, as tables show it.
 *
 * Throws UsageFailure where no group begins so, or several do.
 */
export async function filterOf(api: HttpApi, options: FilterOptions): Promise<Record<string, string>> {
  const filter = parametersOf(options);
  const { fingerprint } = filter;
  if (fingerprint === undefined) return filter;
  const beginning = fingerprint.replace(/…$/, '');
  if (beginning.length >= WHOLE_FINGERPRINT) return filter;
  const groups = await api.list<LetterGroup>('/api/v1/dlq/groups', {}, MOST_GROUPS);
  const found = groups.filter((group) => group.fingerprint.startsWith(beginning));
  const [only] = found;
  if (only === undefined) throw new UsageFailure(`No group's fingerprint begins with ${beginning}.`);
  if (found.length > 1)
    throw new UsageFailure(`${found.length} groups have a fingerprint that begins with ${beginning}: give more of it.`);
  return { ...filter, fingerprint: only.fingerprint };
}

function parametersOf(options: FilterOptions): Record<string, string> {
  const { tenant, reason, fingerprint, schema, topic, partition, from, to, text, state } = options;
  const given = {
    tenant,
    class: options.class,
    reason,
    fingerprint,
    schemaId: schema,
    topic,
    partition,
    from,
    to,
    text,
    state,
  };
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as const])),
  );
}

/** Which dead letters a plan or a decision is about. */
export type Selection = { readonly ids: readonly string[] } | { readonly filter: Readonly<Record<string, string>> };

/** Throws UsageFailure where it is not said, or said twice: nothing is done to all of them by leaving something out. */
export async function selectionOf(api: HttpApi, ids: readonly string[], options: SelectionOptions): Promise<Selection> {
  const filtered = Object.keys(parametersOf(options)).length > 0;
  if (ids.length > 0) {
    if (filtered || options.all === true) throw new UsageFailure('Give ids of dead letters or a filter, and not both.');
    return { ids };
  }
  if (!filtered && options.all !== true)
    throw new UsageFailure('Which dead letters? Give ids, a filter such as --tenant or --reason, or --all.');
  return { filter: await filterOf(api, options) };
}
