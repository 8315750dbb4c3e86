import { WeirError } from '@weir/errors';

import type { RejectedSample } from './judge-metrics.js';

interface Problem {
  readonly status: number;
  readonly title: string;
  /** For docs/reference/errors.md: when it happens, and what the caller does about it. */
  readonly meaning: string;
  /** Seconds after which the same request may succeed. */
  readonly retryAfterSeconds?: number;
}

/**
 * Why a whole request is refused: every answer of the route that is not 202 or 207. The codes are stable; docs/reference/errors.md
 * shows this table, and a test holds the two together.
 */
export const PROBLEMS = {
  invalid_json: {
    status: 400,
    title: 'The body is not JSON',
    meaning: 'The body, or the line of an NDJSON body that `detail` names, is not JSON. Nothing was taken in.',
  },
  invalid_utf8: {
    status: 400,
    title: 'The body is not UTF-8',
    meaning: 'The body has bytes that are not UTF-8. Nothing was taken in.',
  },
  invalid_gzip: {
    status: 400,
    title: 'The body is not gzip',
    meaning: '`Content-Encoding` says gzip, but the body is something else, damaged or cut short.',
  },
  body_incomplete: {
    status: 400,
    title: 'The body ended early',
    meaning: 'The connection ended before the whole body had come. Nothing was taken in.',
  },
  api_key_missing: {
    status: 401,
    title: 'No API key',
    meaning: 'Neither `X-API-Key` nor `Authorization: Bearer` has a key.',
  },
  api_key_invalid: {
    status: 401,
    title: 'Unknown API key',
    meaning: 'The key is none of any tenant.',
  },
  api_key_revoked: {
    status: 401,
    title: 'Revoked API key',
    meaning: 'The key was revoked. Use one of the tenant that is alive.',
  },
  api_key_expired: {
    status: 401,
    title: 'Expired API key',
    meaning: "The key's time is over. Use one of the tenant that is alive.",
  },
  scope_missing: {
    status: 403,
    title: 'The API key may not ingest',
    meaning: 'The key is valid but lacks the scope `ingest`.',
  },
  tenant_suspended: {
    status: 403,
    title: 'The tenant is suspended',
    meaning: 'The key is valid, but an operator suspended its tenant. Keep the data; ask the operator.',
  },
  method_not_allowed: {
    status: 405,
    title: 'Only POST',
    meaning: 'The address takes POST alone; query-api answers GET.',
  },
  request_timeout: {
    status: 408,
    title: 'The body came too slowly',
    meaning: 'The whole body had not come in time. Nothing was taken in; sending again is safe.',
  },
  body_too_large: {
    status: 413,
    title: 'The body is too large',
    meaning: 'The body as sent is larger than the limit (5 MB unless configured). Send smaller batches.',
  },
  decompressed_too_large: {
    status: 413,
    title: 'The body is too large once decompressed',
    meaning: 'The body is larger than the limit after decompression (20 MB unless configured). Send smaller batches.',
  },
  too_many_samples: {
    status: 413,
    title: 'Too many samples',
    meaning: 'There are more samples than one request may have (10,000 unless configured). Send smaller batches.',
  },
  json_too_complex: {
    status: 413,
    title: 'The JSON is too complex',
    meaning: 'The body nests deeper, or has more values, than any body of metrics can. Nothing was taken in.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'Unsupported content type',
    meaning:
      '`Content-Type` is missing or none of `application/json`, `application/x-ndjson` and `application/ndjson`.',
  },
  unsupported_charset: {
    status: 415,
    title: 'Unsupported charset',
    meaning: '`Content-Type` names a charset that is not UTF-8. JSON is UTF-8 (RFC 8259).',
  },
  unsupported_encoding: {
    status: 415,
    title: 'Unsupported content encoding',
    meaning: '`Content-Encoding` is neither `gzip` nor `identity`, or names more than one.',
  },
  empty: {
    status: 422,
    title: 'Nothing in it',
    meaning: 'There is no metric in the body.',
  },
  envelope_invalid: {
    status: 422,
    title: 'Not a list of metrics',
    meaning:
      'An object with `metrics` has something else than an array there, or members beside it. Nothing was taken in.',
  },
  all_rejected: {
    status: 422,
    title: 'Every sample was refused',
    meaning: '`rejected` says why for each sample. Nothing was taken in; sending the same again changes nothing.',
  },
  rate_limited: {
    status: 429,
    title: 'Over the rate of the tenant',
    meaning:
      'The tenant sends more samples a second than its limit. Nothing was taken in; send again after what `Retry-After` says.',
    retryAfterSeconds: 1,
  },
  series_limited: {
    status: 429,
    title: 'Too many active series',
    meaning:
      "Every sample that is valid begins a series beyond the tenant's limit; `rejected` has `series_limit` for each. Nothing was taken in. Series become inactive when nothing is sent for them (half an hour unless configured).",
    retryAfterSeconds: 60,
  },
  tenants_unavailable: {
    status: 503,
    title: 'Tenants are not known yet',
    meaning:
      'Weir cannot tell at the moment whether the key is good: it has just started, or has not heard of changes for too long. Keep the data and send again.',
    retryAfterSeconds: 2,
  },
  overloaded: {
    status: 503,
    title: 'Too much at once',
    meaning:
      'Too many requests or bytes are in flight, or Kafka takes samples more slowly than they come. Nothing was taken in; send again later.',
    retryAfterSeconds: 1,
  },
  tenant_overloaded: {
    status: 503,
    title: 'Too much at once from this tenant',
    meaning:
      'The tenant has so many requests or bytes in flight that what is left is kept for others. Nothing was taken in; send again later, with fewer requests at once.',
    retryAfterSeconds: 1,
  },
  kafka_unavailable: {
    status: 503,
    title: 'Kafka is not reachable',
    meaning: 'Nothing was taken in; send again later.',
    retryAfterSeconds: 5,
  },
  schema_unavailable: {
    status: 503,
    title: 'The schema is not known yet',
    meaning: 'Weir has not reached the schema registry since it started. Nothing was taken in; send again later.',
    retryAfterSeconds: 5,
  },
  delivery_unknown: {
    status: 503,
    title: 'Delivery is uncertain',
    meaning:
      'Kafka did not acknowledge everything in time. Part of the request may be stored; sending all of it again is safe, since a sample that comes twice is stored once.',
    retryAfterSeconds: 1,
  },
  kafka_disabled: {
    status: 503,
    title: 'Kafka is switched off',
    meaning: 'This instance runs with `KAFKA_ENABLED=false` and takes nothing in.',
    retryAfterSeconds: 60,
  },
  shutting_down: {
    status: 503,
    title: 'Shutting down',
    meaning: 'This instance is about to end. Nothing was taken in; send again, to another one.',
    retryAfterSeconds: 1,
  },
} as const satisfies Record<string, Problem>;

export type ProblemCode = keyof typeof PROBLEMS;

interface RefusalOptions extends ErrorOptions {
  readonly rejected?: readonly RejectedSample[];
  readonly tenantId?: string;
  /** In place of the code's own. */
  readonly retryAfterSeconds?: number;
}

/** Ends the work on a request; the route turns it into problem+json. Its message is the answer's `detail`. */
export class RequestRefused extends WeirError {
  readonly problem: Problem;
  /** Seconds after which the same request may succeed; null: never. */
  readonly retryAfterSeconds: number | null;
  override readonly retryable: boolean;
  /** Why each sample was refused, where that is why the request is. */
  readonly rejected: readonly RejectedSample[];
  /** Whose request it was, where it was refused for what the tenant does. */
  readonly tenantId: string | null;

  constructor(
    override readonly code: ProblemCode,
    detail?: string,
    options: RefusalOptions = {},
  ) {
    const problem: Problem = PROBLEMS[code];
    super(detail ?? problem.meaning, options);
    this.problem = problem;
    this.retryAfterSeconds = options.retryAfterSeconds ?? problem.retryAfterSeconds ?? null;
    this.retryable = this.retryAfterSeconds !== null;
    this.rejected = options.rejected ?? [];
    this.tenantId = options.tenantId ?? null;
  }
}
