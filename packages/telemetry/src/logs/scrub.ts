import { describeError, isError } from './describe-error.js';

const SECRET_NAMES =
  'x-api-key|authorization|proxy-authorization|cookie|set-cookie|[\\w.-]*(?:password|passwd|passphrase|secret|api_?key|operator_?key|access_?token|database_?url|redis_?url)';
const SECRET_KEY = new RegExp(`^(?:${SECRET_NAMES})$`, 'i');
const SECRET_TEXT_PAIR = new RegExp(`"(${SECRET_NAMES})":"(?:[^"\\\\]|\\\\.)*"`, 'gi');
const URL_CREDENTIALS = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@"]*@/gi;
/** Tenants' and operators'. */
const API_KEY = /\b(w[ko])_([A-Za-z0-9]+)_[A-Za-z0-9_-]+/g;
const DEEPEST = 8;

/**
 * What a log line may hold of a value: at any depth, what stands under a secret's key is taken out, credentials are
 * taken out of URLs and the secret part out of API keys, and errors are described with their causes.
 */
export function scrub(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return scrubText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth > DEEPEST) return '(too deep)';
  if (isError(value)) return scrub(describeError(value), depth);
  if (Array.isArray(value)) return value.map((item) => scrub(item, depth + 1));
  if (Buffer.isBuffer(value)) return `(${value.length} bytes)`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof Map || value instanceof Set) return scrub([...value], depth);
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, SECRET_KEY.test(key) ? '(secret)' : scrub(inner, depth + 1)]),
  );
}

function scrubText(text: string): string {
  return text.replace(URL_CREDENTIALS, '$1***@').replace(API_KEY, '$1_$2_***');
}

/** The same for a whole line of JSON, as the last wall: it also meets messages and a child logger's bindings. */
export function scrubLine(line: string): string {
  return scrubText(line.replace(SECRET_TEXT_PAIR, '"$1":"(secret)"'));
}
