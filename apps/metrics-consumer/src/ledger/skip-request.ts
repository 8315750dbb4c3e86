import { ProblemException } from '@weir/nest-service';

import { reasonOf } from '../operator/reason.js';

/** What an operator asks `POST /ledger/skip` for. */
export interface SkipRequest {
  readonly topic: string;
  readonly partition: number;
  /** Where the line shall stand: the first offset that is not passed over. */
  readonly to: number;
  /** Where the operator saw the line stand; null where it may stand anywhere. */
  readonly expectNext: number | null;
  /** False: tell what would be done, and do nothing. */
  readonly confirm: boolean;
  readonly reason: string;
}

const MEMBERS = new Set(['topic', 'partition', 'to', 'expect_next', 'confirm', 'reason']);

/**
 * The request in a body. Throws the problem `reason_missing`, or `invalid` which says what is wrong.
 *
 * A member that nobody knows is refused and not ignored: a misspelt `expect_next` would guard nothing.
 */
export function parseSkipRequest(body: unknown): SkipRequest {
  const reason = reasonOf(body);
  const given = Object.entries(typeof body === 'object' && body !== null ? body : {});
  const unknown = given.find(([member]) => !MEMBERS.has(member));
  if (unknown !== undefined) throw invalid(`There is no member ${JSON.stringify(unknown[0])}.`);
  const { topic, partition, to, expect_next, confirm = false } = Object.fromEntries<unknown>(given);
  if (typeof topic !== 'string') throw invalid('"topic" must be the name of a topic.');
  if (!isOffset(partition)) throw invalid('"partition" must be the number of a partition.');
  if (!isOffset(to)) throw invalid('"to" must be an offset.');
  if (expect_next !== undefined && !isOffset(expect_next)) throw invalid('"expect_next" must be an offset.');
  if (typeof confirm !== 'boolean') throw invalid('"confirm" must be true or false.');
  return { topic, partition, to, expectNext: expect_next ?? null, confirm, reason };
}

const isOffset = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

const invalid = (detail: string): ProblemException => new ProblemException({ status: 422, code: 'invalid', detail });
