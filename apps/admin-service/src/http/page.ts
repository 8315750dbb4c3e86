import { hash } from 'node:crypto';

import { ValidationError } from '@weir/errors';

const DIGEST_BYTES = 12;

/** A part of a list: what was asked for, and how to go on; `nextCursor` is null at the end. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

/**
 * Makes a page of `limit + 1` rows that were read: the one too many tells that there is more.
 *
 * `question` is all that was asked but how many: a cursor that went on with another one would leave out what lies before its place
 * there, and nobody would notice.
 */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  question: string,
  { item, place }: { readonly item: (row: Row) => Item; readonly place: (row: Row) => string },
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { items: shown.map(item), nextCursor: more ? encode(question, place(last)) : null };
}

/** The place that a cursor of this question names; null without a cursor. Throws ValidationError `cursor`. */
export function placeOf(question: string, cursor: string | null): string | null {
  if (cursor === null) return null;
  const place = Buffer.from(cursor, 'base64url').subarray(DIGEST_BYTES).toString('utf8');
  // Made anew it must be the same: base64url has many spellings of the same bytes, and UTF-8 is mended silently.
  if (encode(question, place) !== cursor)
    throw new ValidationError('cursor', 'The cursor is not one that this API gave for this question.');
  return place;
}

/** The digest tells a cursor that was altered or belongs to another question; it is no secret and protects no data. */
function encode(question: string, place: string): string {
  const digest = hash('sha256', `${question}\0${place}`, 'buffer').subarray(0, DIGEST_BYTES);
  return Buffer.concat([digest, Buffer.from(place, 'utf8')]).toString('base64url');
}
