import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

/** What a key may be used for. */
export type Scope = 'ingest' | 'query';

/** `wk` opens what belongs to a tenant, `wo` is an operator's. */
type KeyPrefix = 'wk' | 'wo';

/** A new key. `key` is shown once to whoever asked for it; only `id` and `hash` are kept and published. */
export interface GeneratedApiKey {
  readonly id: string;
  /** `wk_<id>_<secret>`, an operator's `wo_<id>_<secret>` */
  readonly key: string;
  /** SHA-256 of the whole key, in lower-case hexadecimal: what `TenantKey.hash` holds. */
  readonly hash: string;
}

const ID_BYTES = 8;
const SECRET_BYTES = 32;

// Both random parts are hexadecimal today. Any letters and digits are read, so that another alphabet needs no change here; the
// bounds keep a header of many kilobytes from being hashed.
const SHAPE = /^(wk|wo)_([0-9A-Za-z]{1,64})_[0-9A-Za-z]{1,128}$/;

const NO_KEY = Buffer.alloc(32);

/** Makes a tenant's key with a secret of 256 random bits. A secret of that size needs no slow hash: it cannot be guessed. */
export function generateApiKey(): GeneratedApiKey {
  return generateKey('wk');
}

/** Makes an operator's key. */
export function generateOperatorKey(): GeneratedApiKey {
  return generateKey('wo');
}

function generateKey(prefix: KeyPrefix): GeneratedApiKey {
  const id = randomBytes(ID_BYTES).toString('hex');
  const key = `${prefix}_${id}_${randomBytes(SECRET_BYTES).toString('hex')}`;
  return { id, key, hash: hashApiKey(key).toString('hex') };
}

/** SHA-256 of the whole key and not of its secret alone, so that a hash is bound to the id that it is published under. */
export function hashApiKey(key: string): Buffer {
  return hash('sha256', key, 'buffer');
}

/** The id inside a tenant's key, or null where the text is none. */
export function apiKeyId(key: string): string | null {
  return keyId('wk', key);
}

/** The id inside an operator's key, or null where the text is none. */
export function operatorKeyId(key: string): string | null {
  return keyId('wo', key);
}

function keyId(prefix: KeyPrefix, key: string): string | null {
  const [, given, id] = SHAPE.exec(key) ?? [];
  return given === prefix ? (id ?? null) : null;
}

/**
 * Whether `key` is the one with this hash, in constant time.
 *
 * `null` stands for a key that nobody has: the work is the same, so that the time of an answer does not tell which ids exist.
 */
export function apiKeyMatches(key: string, expected: Buffer | null): boolean {
  const equal = timingSafeEqual(hashApiKey(key), expected ?? NO_KEY);
  return equal && expected !== null;
}
