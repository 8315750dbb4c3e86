import { Body as RequestBody, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { ValidationError } from '@weir/errors';
import type { Scope } from '@weir/tenancy';

import { AdminController, Allows } from '../access/allows.js';
import { type Call, CalledBy } from '../access/call.js';
import { Body } from '../http/body.js';
import { ApiIfMatch, ApiMembers, ApiPageOf } from '../http/open-api.js';
import type { Page } from '../http/page.js';
import { type Parameters, QueryParameters } from '../http/parameters.js';
import { type IfMatch, IfMatchHeader } from './precondition.js';
import { TenantKeys } from './tenant-keys.js';
import type { NewTenantKey, TenantKeyView } from './views.js';

const SCOPES: readonly Scope[] = ['ingest', 'query'];
const LABEL_LENGTH = 100;

/**
 * API keys of a tenant. `If-Match` may be left out here: a key that is added or revoked overwrites nothing of what another operator did, and whoever
 * revokes a leaked key must not be made to read first.
 */
@AdminController('tenants/:tenantId/keys')
export class TenantKeysController {
  constructor(private readonly keys: TenantKeys) {}

  @Get()
  @Allows('viewer', 'tenants.keys.list')
  @ApiOperation({ summary: "A tenant's keys, revoked and expired ones among them; never their secrets" })
  @ApiPageOf()
  list(@Param('tenantId') id: string, @QueryParameters() parameters: Parameters): Promise<Page<TenantKeyView>> {
    const page = parameters.page();
    parameters.finish();
    return this.keys.list(id, page);
  }

  @Post()
  @Allows('admin', 'tenants.keys.issue')
  @ApiOperation({ summary: 'A new key, shown this once; two may live at the same time' })
  @ApiMembers(
    {
      scopes: { type: 'array', items: { enum: [...SCOPES] } },
      label: { type: 'string' },
      expiresAt: { type: 'string', format: 'date-time', nullable: true },
    },
    ['scopes'],
  )
  @ApiIfMatch(false)
  issue(
    @CalledBy() call: Call,
    @Param('tenantId') id: string,
    @IfMatchHeader() ifMatch: IfMatch,
    @RequestBody() given: unknown,
  ): Promise<NewTenantKey> {
    const body = new Body(given);
    const scopes = body.choices('scopes', SCOPES);
    const label = body.has('label') ? body.text('label', LABEL_LENGTH) : '';
    const expiresAt = body.optionalTime('expiresAt');
    body.finish();
    if (expiresAt !== null && expiresAt <= Date.now())
      throw new ValidationError('field_invalid', '`expiresAt` must lie ahead.');
    return this.keys.issue({ call, id, ifMatch, versionRequired: false }, { label, scopes, expiresAt });
  }

  @Post(':keyId/revoke')
  @HttpCode(200)
  @Allows('operator', 'tenants.keys.revoke')
  @ApiOperation({ summary: 'Refuse a key from now on, everywhere' })
  @ApiIfMatch(false)
  revoke(
    @CalledBy() call: Call,
    @Param('tenantId') id: string,
    @Param('keyId') keyId: string,
    @IfMatchHeader() ifMatch: IfMatch,
  ): Promise<TenantKeyView> {
    return this.keys.revoke({ call, id, ifMatch, versionRequired: false }, keyId);
  }
}
