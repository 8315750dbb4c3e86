import type { IncomingHttpHeaders } from 'node:http';

const BEARER = /^Bearer +(\S+) *$/i;

/**
 * The key in a header of its own, or else in `Authorization: Bearer` (RFC 6750, section 2.1); null where there is none. The former
 * goes first, since a proxy may add the latter for itself.
 */
export function presentedKey(headers: IncomingHttpHeaders, header: 'x-api-key' | 'x-operator-key'): string | null {
  const key = headers[header];
  if (typeof key === 'string' && key !== '') return key.trim();
  return BEARER.exec(headers.authorization ?? '')?.[1] ?? null;
}
