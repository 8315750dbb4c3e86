import { RequestRefused } from './problems.js';

export type PayloadFormat = 'json' | 'ndjson';

const FORMATS: ReadonlyMap<string, PayloadFormat> = new Map([
  ['application/json', 'json'],
  ['application/x-ndjson', 'ndjson'],
  ['application/ndjson', 'ndjson'],
]);
export const MEDIA_TYPES = [...FORMATS.keys()];

const CHARSET = /^charset\s*=\s*(?:"([^"]*)"|(\S*))$/i;
// ASCII is UTF-8 in which no byte is above 127.
const UTF8_CHARSETS = new Set(['utf-8', 'utf8', 'us-ascii', 'ascii']);

/** What `Content-Type` says the body is. Throws RequestRefused `unsupported_media_type` or `unsupported_charset`. */
export function payloadFormat(contentType: string | undefined): PayloadFormat {
  if (contentType === 'application/json') return 'json';
  const [mediaType = '', ...parameters] = (contentType ?? '').split(';');
  const format = FORMATS.get(mediaType.trim().toLowerCase());
  if (format === undefined)
    throw new RequestRefused(
      'unsupported_media_type',
      contentType === undefined ? 'Content-Type is missing; send application/json or application/x-ndjson.' : undefined,
    );
  for (const parameter of parameters) {
    const match = CHARSET.exec(parameter.trim());
    if (match !== null && !UTF8_CHARSETS.has((match[1] ?? match[2] ?? '').toLowerCase()))
      throw new RequestRefused('unsupported_charset');
  }
  return format;
}

/** Whether the body is compressed with gzip. Throws RequestRefused `unsupported_encoding`. */
export function isGzip(contentEncoding: string | undefined): boolean {
  if (contentEncoding === undefined) return false;
  const encoding = contentEncoding.trim().toLowerCase();
  if (encoding === 'gzip' || encoding === 'x-gzip') return true; // RFC 9110, section 8.4.1.3: equal
  if (encoding === '' || encoding === 'identity') return false;
  throw new RequestRefused('unsupported_encoding');
}
