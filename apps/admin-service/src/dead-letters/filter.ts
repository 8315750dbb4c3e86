import { ValidationError } from '@weir/errors';
import { deadLetterReasons } from '@weir/kafka';

import type { Parameters } from '../http/parameters.js';
import { dateOf } from '../http/time.js';
import { UNREADABLE } from './letter-row.js';
import { LETTER_STATES, type LetterState, SUPERSEDED } from './state.js';

const CLASSES = ['poison', 'invalid', 'rejected', UNREADABLE] as const;
const REASONS = [...deadLetterReasons, UNREADABLE] as const;

/** Which dead letters are meant; null asks for all. Times in epoch milliseconds: `from` inclusive, `to` exclusive. */
export interface LetterFilter {
  readonly tenant: string | null;
  readonly class: string | null;
  readonly reason: string | null;
  readonly fingerprint: string | null;
  readonly schemaId: number | null;
  /** Where the record failed: its topic and partition, and offsets from (inclusive) to (exclusive). */
  readonly topic: string | null;
  readonly partition: number | null;
  readonly offsetFrom: number | null;
  readonly offsetTo: number | null;
  /** When it became a dead letter. */
  readonly from: number | null;
  readonly to: number | null;
  /** Words that all stand in the error. */
  readonly text: string | null;
  readonly state: LetterState | null;
}

/** What a filter reads, by name, for the documentation of the routes. */
export const FILTER_PARAMETERS = [
  'tenant',
  'class',
  'reason',
  'fingerprint',
  'schemaId',
  'topic',
  'partition',
  'offsetFrom',
  'offsetTo',
  'from',
  'to',
  'text',
  'state',
] as const satisfies readonly (keyof LetterFilter)[];

/** Throws ValidationError. */
export function filterOf(parameters: Parameters): LetterFilter {
  const filter = {
    tenant: parameters.text('tenant'),
    class: parameters.choice('class', CLASSES),
    reason: parameters.choice('reason', REASONS),
    fingerprint: parameters.text('fingerprint'),
    schemaId: parameters.integer('schemaId', 2_147_483_647),
    topic: parameters.text('topic'),
    partition: parameters.integer('partition', 2_147_483_647),
    offsetFrom: parameters.integer('offsetFrom'),
    offsetTo: parameters.integer('offsetTo'),
    from: parameters.time('from'),
    to: parameters.time('to'),
    text: parameters.text('text'),
    state: parameters.choice('state', LETTER_STATES),
  };
  if (filter.topic === null && [filter.partition, filter.offsetFrom, filter.offsetTo].some((given) => given !== null))
    throw new ValidationError(
      'parameter_invalid',
      '`partition` and offsets mean those of a `topic`, which must be given.',
    );
  return filter;
}

/** All words of the placeholder stand in the error of row `d`; the index of words knows the expression. */
export const hasWords = (placeholder: string): string =>
  `to_tsvector('simple', d.error) @@ plainto_tsquery('simple', ${placeholder})`;

/** A condition in SQL, and what its placeholders stand for. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** Of rows `d` of the index. Letters that a newer one of the same record has taken the place of are in no answer. */
export function conditionOf(filter: LetterFilter): Condition {
  const parts: string[] = [];
  const values: unknown[] = [];
  const given = (sql: (placeholder: string) => string, value: unknown): void => {
    if (value === null) return;
    values.push(value);
    parts.push(sql(`$${values.length}`));
  };
  if (filter.state === null) parts.push(`d.state <> '${SUPERSEDED}'`);
  given((value) => `d.state = ${value}`, filter.state);
  given((value) => `d.tenant_id = ${value}`, filter.tenant);
  given((value) => `d.class = ${value}`, filter.class);
  given((value) => `d.reason = ${value}`, filter.reason);
  given((value) => `d.fingerprint = ${value}`, filter.fingerprint);
  given((value) => `d.schema_id = ${value}`, filter.schemaId);
  given((value) => `d.topic = ${value}`, filter.topic);
  given((value) => `d.partition = ${value}`, filter.partition);
  given((value) => `d.origin_offset >= ${value}`, filter.offsetFrom);
  given((value) => `d.origin_offset < ${value}`, filter.offsetTo);
  given((value) => `d.routed_at >= ${value}`, dateOf(filter.from));
  given((value) => `d.routed_at < ${value}`, dateOf(filter.to));
  given(hasWords, filter.text);
  return { sql: parts.length === 0 ? 'true' : parts.join(' AND '), values };
}
