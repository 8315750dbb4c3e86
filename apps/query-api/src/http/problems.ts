import { WeirError } from '@weir/errors';
import { type Problem as ServiceProblem, problemOf as anyProblemOf } from '@weir/nest-service';

interface Problem {
  readonly status: number;
  readonly title: string;
  /** For docs/reference/errors.md: when it happens, and what the caller does about it. */
  readonly meaning: string;
  /** Seconds after which the same request may succeed. */
  readonly retryAfterSeconds?: number;
}

/**
 * Every answer of the API that is not 200. The codes are stable; docs/reference/errors.md shows this table, and a test
 * holds the two together.
 */
export const PROBLEMS = {
  malformed_url: {
    status: 400,
    title: 'The URL is not validly encoded',
    meaning: 'The query string is not validly percent-encoded UTF-8. A `%` is written `%25`.',
  },
  api_key_missing: {
    status: 401,
    title: 'No API key',
    meaning: 'Neither `X-API-Key` nor `Authorization: Bearer` has a key.',
  },
  api_key_invalid: { status: 401, title: 'Unknown API key', meaning: 'The key is none of any tenant.' },
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
    title: 'The API key may not query',
    meaning: 'The key is valid but lacks the scope `query`.',
  },
  tenant_suspended: {
    status: 403,
    title: 'The tenant is suspended',
    meaning: 'The key is valid, but an operator suspended its tenant.',
  },
  parameter_missing: {
    status: 422,
    title: 'A parameter is missing',
    meaning: 'A required parameter is absent, or one is there without a value. `detail` names it.',
  },
  parameter_unknown: {
    status: 422,
    title: 'Unknown parameter',
    meaning: 'The address has no such parameter. A misspelt filter would widen the answer, so it is refused.',
  },
  parameter_repeated: {
    status: 422,
    title: 'A parameter is given twice',
    meaning: 'Every parameter may be given once, `label.<name>` for each name.',
  },
  parameter_unreadable: {
    status: 422,
    title: 'A parameter holds an impossible character',
    meaning: 'A NUL or half a surrogate pair, which no metric can hold.',
  },
  time_unreadable: {
    status: 422,
    title: 'Not a time',
    meaning:
      '`from` or `to` is neither epoch milliseconds nor RFC 3339 with its offset. A `+` is written `%2B` in a query string.',
  },
  range_empty: { status: 422, title: 'The time range is empty', meaning: '`from` does not lie before `to`.' },
  duration_unreadable: {
    status: 422,
    title: 'Not a duration',
    meaning: '`step` is not a whole number followed by `s`, `m`, `h` or `d`, or is longer than the calendar.',
  },
  limit_out_of_range: {
    status: 422,
    title: 'The limit is out of range',
    meaning: '`limit` is not a whole number from 1 to 100. It is refused and never clamped: page with `cursor`.',
  },
  aggregation_unknown: {
    status: 422,
    title: 'Unknown aggregation',
    meaning: '`agg` is none of avg, min, max, sum, count, last, p50, p95, p99.',
  },
  grouping_unreadable: {
    status: 422,
    title: 'Not a list of labels',
    meaning: '`by` is not up to 16 different label names separated by commas.',
  },
  cursor: {
    status: 422,
    title: 'Not a cursor',
    meaning:
      'The cursor was altered, or it belongs to another tenant, address or question. Only `limit` may change between pages. Begin without one.',
  },
  value_out_of_range: {
    status: 422,
    title: 'The answer is not a number',
    meaning: 'An aggregate over these values does not fit a double. Narrow the query.',
  },
  query_over_budget: {
    status: 422,
    title: 'The query is over its budget',
    meaning:
      '`limit` names the limit (maxSeries, maxPoints, maxSamples or timeoutMs) and `max` its value. Ask for less time, fewer series or a longer step.',
  },
  too_many_queries: {
    status: 429,
    title: 'Too many queries at once',
    meaning:
      "As many of the tenant's queries as may run at once are running, and too many wait. Ask again when others are answered.",
    retryAfterSeconds: 1,
  },
  caller_gone: {
    status: 499,
    title: 'The caller hung up',
    meaning: 'The connection was closed before the answer was there. Nobody reads this; metrics count it.',
  },
  store_unavailable: {
    status: 503,
    title: 'The store does not answer',
    meaning: 'The database is away or busy. Ask again later.',
    retryAfterSeconds: 5,
  },
  tenants_unavailable: {
    status: 503,
    title: 'Tenants are not known yet',
    meaning:
      'Weir cannot tell at the moment whether the key is good: it has just started, or has not heard of changes for too long. Ask again later.',
    retryAfterSeconds: 2,
  },
  kafka_disabled: {
    status: 503,
    title: 'Kafka is switched off',
    meaning: 'The service was started with `KAFKA_ENABLED=false`, so it knows no tenants and no keys.',
    retryAfterSeconds: 60,
  },
} as const satisfies Readonly<Record<string, Problem>>;

export type ProblemCode = keyof typeof PROBLEMS;

/** A request is refused before the store is asked. */
export class QueryRefusal extends WeirError {
  override readonly retryable: boolean;

  constructor(override readonly code: ProblemCode) {
    super(PROBLEMS[code].title);
    const { retryAfterSeconds }: Problem = PROBLEMS[code];
    this.retryable = retryAfterSeconds !== undefined;
  }
}

/**
 * What the caller is told of an error.
 *
 * Words of a refusal are written for callers and shown; those of a broken system are not, since they may name hosts.
 */
export function problemOf(error: WeirError): ServiceProblem {
  const { code, message, context } = error;
  if (!isProblemCode(code)) return anyProblemOf(error);
  const { status, title, meaning, retryAfterSeconds }: Problem = PROBLEMS[code];
  if (retryAfterSeconds !== undefined) return { status, code, title, detail: meaning, retryAfterSeconds };
  return {
    status,
    code,
    title,
    detail: message === title ? meaning : message,
    ...(code === 'query_over_budget' ? { limit: context['limit'], max: context['max'] } : {}),
  };
}

function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(PROBLEMS, code);
}
