import { createHash } from 'node:crypto';

import type { DeadLetter } from './dead-letter.js';

const MAX_LENGTH = 1_000;

/**
 * What stays of an error's words when everything that differs from record to record is taken out: what stands in quotes,
 * UUIDs, hexadecimal and numbers. Errors of one cause have one pattern.
 */
export function errorPattern(message: string): string {
  return (
    message
      // An apostrophe inside a word opens nothing: "can't", "tenant's".
      .replaceAll(/(?<!\w)'[^']*'(?!\w)|"[^"]*"|`[^`]*`|“[^”]*”/g, '?')
      .replaceAll(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '?')
      .replaceAll(/\b0x[0-9a-f]+\b|\b(?=[a-f]*\d)[0-9a-f]{8,}\b/gi, '?')
      .replaceAll(/[-+]?\b\d+(?:[.,]\d+)*(?:e[-+]?\d+)?/gi, '?')
      .replaceAll(/\s+/g, ' ')
      .trim()
      .slice(0, MAX_LENGTH)
  );
}

/** Why a record failed. */
type Cause = Pick<DeadLetter, 'class' | 'reason' | 'schemaId' | 'tenantId'> & {
  readonly error: { readonly message: string };
};

/** Letters of one cause mostly come together. */
const KNOWN = new Map<string, string>();
const MAX_KNOWN = 1_000;
const MAX_KNOWN_LENGTH = 300;

/** 128 bits in hex that dead letters of one cause share: class, reason, error without its particulars, schema id and tenant. */
export function fingerprint(letter: Cause): string {
  const { schemaId, tenantId, error } = letter;
  // The tenant's length says where the message begins.
  const cause = `${letter.class} ${letter.reason} ${schemaId} ${tenantId?.length} ${tenantId} ${error.message}`;
  const known = KNOWN.get(cause);
  if (known !== undefined) return known;
  const parts = [letter.class, letter.reason, errorPattern(error.message), schemaId, tenantId];
  const found = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
  if (KNOWN.size >= MAX_KNOWN) KNOWN.clear();
  if (cause.length <= MAX_KNOWN_LENGTH) KNOWN.set(cause, found);
  return found;
}
