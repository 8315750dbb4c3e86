import type { ConsumedRecord } from '../records.js';
import type { DeadLetter } from './dead-letter.js';
import { headerText } from './envelope.js';

/**
 * Header of every dead letter, and of every record that is replayed from one: where the record was first, as
 * `<topic id>/<partition>/<offset>/<group>`. Copies of one dead letter share it, whichever try or hop they come from.
 */
export const ORIGIN_HEADER = 'weir-origin';

/** Where a failed record was first, and for whom it failed. */
export interface DeadLetterIdentity {
  readonly topicId: string;
  readonly partition: number;
  readonly offset: number;
  readonly group: string;
}

export const identityText = ({ topicId, partition, offset, group }: DeadLetterIdentity): string =>
  `${topicId}/${partition}/${offset}/${group}`;

const IDENTITY = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/(\d{1,10})\/(\d{1,16})\/(.+)$/s;

/** Null for what is no identity. */
export function parseIdentity(text: string | null): DeadLetterIdentity | null {
  const [, topicId, partition, offset, group] = IDENTITY.exec(text ?? '') ?? [];
  if (topicId === undefined || group === undefined) return null;
  return { topicId, partition: Number(partition), offset: Number(offset), group };
}

/** The identity of a letter: the one that a replayed record brought with it for this group, else its own position. */
export function identityOf(
  { record, topicId }: Pick<DeadLetter, 'record' | 'topicId'>,
  group: string,
): DeadLetterIdentity {
  const brought = broughtIdentity(record);
  if (brought !== null && brought.group === group) return brought;
  return { topicId, partition: record.partition, offset: record.offset, group };
}

const broughtIdentity = ({ headers }: ConsumedRecord): DeadLetterIdentity | null =>
  parseIdentity(headerText(headers, ORIGIN_HEADER));
