import { hash } from 'node:crypto';

import { ValidationError } from '@weir/errors';

import type { SeriesFilter } from './query.js';

const DIGEST_BYTES = 12;
/** Stands between the parts of a position; no text in the store has it. */
const SEPARATOR = '\0';

/**
 * What a cursor is for: the kind of answer, the tenant and what was asked. How many items a page has is no part of it.
 *
 * A cursor that went on with another question would leave out what lies before its position there, and nobody would notice.
 */
export function questionOf(kind: string, filter: SeriesFilter, label?: string): string {
  const { tenantId, name, environment, labels = {} } = filter;
  const sorted = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([kind, tenantId, name, environment === undefined ? [] : [environment], sorted, label]);
}

/**
 * A position in the answer to a question, as text that callers pass back and do not read: base64url of a digest and of the
 * position's parts in UTF-8.
 *
 * It names the last row that was given, and not a distance from the first, so rows that come in between move nothing. The
 * digest tells a cursor that was altered or belongs to another question; it is no secret and protects no data: whose rows are
 * read is never a cursor's to say.
 */
export function encodeCursor(question: string, position: readonly string[]): string {
  const text = position.join(SEPARATOR);
  const digest = hash('sha256', question + SEPARATOR + text, 'buffer').subarray(0, DIGEST_BYTES);
  return Buffer.concat([digest, Buffer.from(text, 'utf8')]).toString('base64url');
}

/** Reads a cursor of this question whose parts match these patterns. Throws ValidationError `cursor`. */
export function decodeCursor(question: string, cursor: string, parts: readonly RegExp[]): string[] {
  const text = Buffer.from(cursor, 'base64url').subarray(DIGEST_BYTES).toString('utf8');
  const position = text.split(SEPARATOR);
  // Made anew it must be the same: base64url has many spellings of the same bytes, and UTF-8 is mended silently.
  if (encodeCursor(question, position) !== cursor) throw cursorRefused();
  if (position.length !== parts.length || !parts.every((part, i) => part.test(position[i] ?? '')))
    throw cursorRefused();
  return position;
}

export function cursorRefused(): ValidationError {
  return new ValidationError('cursor', 'The cursor is not one that this API gave for this question');
}
