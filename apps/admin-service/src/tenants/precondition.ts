import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { AdminRefusal } from '../http/problems.js';
import type { TenantRow } from './tenant-rows.js';
import type { TenantView } from './views.js';

/** `If-Match` (RFC 9110, section 13.1.1): what the caller believes that it changes; null where it says nothing. */
export type IfMatch = string | null;

/** The version is a strong validator: two answers with the same one say the same of the tenant. */
const etagOf = (version: number): string => `"${version}"`;

/** The request's `If-Match`, as a controller's parameter. */
export const IfMatchHeader = createParamDecorator((_data: unknown, context: ExecutionContext): IfMatch => {
  return context.switchToHttp().getRequest<FastifyRequest>().headers['if-match'] ?? null;
});

/**
 * Refuses a change of a tenant that is not as its caller read it.
 *
 * 412 and 428 (RFC 6585, section 3) and not 409: they are HTTP's own words for an update that would be lost, which clients and proxies know; 409
 * is left to what contradicts the state of a tenant, whichever version of it was read.
 */
export function checkVersion(row: TenantRow, ifMatch: IfMatch, { required }: { readonly required: boolean }): void {
  if (ifMatch === null && required) throw new AdminRefusal('version_required');
  if (ifMatch === null || ifMatch.trim() === '*') return;
  const version = Number(row.version);
  const named = ifMatch.split(',').map((tag) => tag.trim());
  if (!named.includes(etagOf(version))) throw new AdminRefusal('version_conflict', { version });
}

/** Answers with a tenant and its `ETag`. */
export function withEtag(reply: FastifyReply, tenant: TenantView): TenantView {
  void reply.header('etag', etagOf(tenant.version));
  return tenant;
}
