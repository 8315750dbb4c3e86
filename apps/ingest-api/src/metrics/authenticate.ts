import type { IncomingHttpHeaders } from 'node:http';

import { type Authentication, hasScope, type KnownTenant, presentedKey, type TenantsView } from '@weir/tenancy';

import { type ProblemCode, RequestRefused } from './problems.js';

/**
 * Whose request this is. Needs the headers alone, so that nobody without a key can make us read or inflate a body.
 *
 * Throws RequestRefused `api_key_*`, `scope_missing`, `tenant_suspended` or `tenants_unavailable`.
 */
export function authenticate(headers: IncomingHttpHeaders, tenants: TenantsView, nowMs: number): KnownTenant {
  const presented = presentedKey(headers, 'x-api-key');
  if (presented === null) throw new RequestRefused('api_key_missing');
  const answer = tenants.authenticate(presented, nowMs);
  if (answer.kind !== 'ok') throw new RequestRefused(REFUSALS[answer.kind]);
  if (!hasScope(answer.key, 'ingest')) throw new RequestRefused('scope_missing');
  return answer.tenant;
}

const REFUSALS = {
  suspended: 'tenant_suspended',
  revoked: 'api_key_revoked',
  expired: 'api_key_expired',
  unknown: 'api_key_invalid',
  unavailable: 'tenants_unavailable',
} as const satisfies Record<Exclude<Authentication['kind'], 'ok'>, ProblemCode>;
