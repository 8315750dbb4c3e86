import { Body as RequestBody, Delete, Get, HttpCode, Param, Patch, Post, Res } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { DEFAULT_LIMITS } from '@weir/avro';
import { ValidationError } from '@weir/errors';
import { isTenantId } from '@weir/tenancy';
import type { FastifyReply } from 'fastify';

import { AdminController, Allows } from '../access/allows.js';
import { type Call, CalledBy } from '../access/call.js';
import { Body } from '../http/body.js';
import { ApiIfMatch, ApiMembers, ApiPageOf, ApiTextParameters } from '../http/open-api.js';
import type { Page } from '../http/page.js';
import { type Parameters, QueryParameters } from '../http/parameters.js';
import { LIMITS, limitsOf } from './limits.js';
import { type IfMatch, IfMatchHeader, withEtag } from './precondition.js';
import type { Republished } from './republishing.js';
import { Tenants } from './tenants.js';
import { TenantsTopic } from './tenants-topic.js';
import type { TenantView } from './views.js';

const NAME_LENGTH = 200;
const ID_LENGTH = 64;
const STATES = ['active', 'suspended', 'deleted'] as const;
const LIMITS_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries([...LIMITS.keys()].map((name) => [name, { type: 'number', nullable: true }])),
};

/** Who may send and ask, and how much. */
@AdminController('tenants')
export class TenantsController {
  constructor(
    private readonly tenants: Tenants,
    private readonly topic: TenantsTopic,
  ) {}

  @Get()
  @Allows('viewer', 'tenants.list')
  @ApiOperation({ summary: 'Tenants by id, deleted ones among them' })
  @ApiPageOf()
  @ApiTextParameters('state')
  list(@QueryParameters() parameters: Parameters): Promise<Page<TenantView>> {
    const state = parameters.choice('state', STATES);
    const page = parameters.page();
    parameters.finish();
    return this.tenants.list(state, page);
  }

  @Post()
  @Allows('admin', 'tenants.create')
  @ApiOperation({ summary: 'A new tenant, which has no key yet' })
  @ApiMembers({ tenantId: { type: 'string' }, name: { type: 'string' }, limits: LIMITS_SCHEMA }, ['tenantId', 'name'])
  async create(
    @CalledBy() call: Call,
    @RequestBody() given: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TenantView> {
    const body = new Body(given);
    const tenantId = body.text('tenantId', ID_LENGTH);
    if (!isTenantId(tenantId))
      throw new ValidationError(
        'field_invalid',
        '`tenantId` must be 1 to 64 letters, digits, dots, dashes or underscores, a letter or digit at both ends.',
      );
    const name = body.text('name', NAME_LENGTH);
    const limits = limitsOf(body.object('limits'), DEFAULT_LIMITS);
    body.finish();
    void reply.header('location', `/api/v1/tenants/${encodeURIComponent(tenantId)}`);
    return withEtag(reply, await this.tenants.create(call, { tenantId, name, limits }));
  }

  @Post('republish')
  @HttpCode(202)
  @Allows('operator', 'tenants.republish')
  @ApiOperation({ summary: 'Make the topic `tenants` where it is missing, and tell it all tenants again' })
  republish(@CalledBy() call: Call): Promise<Republished> {
    return this.topic.republish(call);
  }

  @Get(':tenantId')
  @Allows('viewer', 'tenants.read')
  @ApiOperation({ summary: 'One tenant; its `ETag` is what a change of it names' })
  async read(@Param('tenantId') id: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<TenantView> {
    return withEtag(reply, await this.tenants.get(id));
  }

  @Patch(':tenantId')
  @Allows('admin', 'tenants.update')
  @ApiOperation({ summary: "Another name, other limits; what is not named stays, null is the service's own limit" })
  @ApiMembers({ name: { type: 'string' }, limits: LIMITS_SCHEMA })
  @ApiIfMatch(true)
  async update(
    @CalledBy() call: Call,
    @Param('tenantId') id: string,
    @IfMatchHeader() ifMatch: IfMatch,
    @RequestBody() given: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TenantView> {
    const body = new Body(given);
    const name = body.has('name') ? body.text('name', NAME_LENGTH) : null;
    const wanted = body.has('limits') ? body.object('limits') : null;
    body.finish();
    if (wanted !== null) limitsOf(wanted, DEFAULT_LIMITS); // refused before anything is locked
    const changes = {
      ...(name !== null && { name }),
      ...(wanted !== null && { limits: (known: typeof DEFAULT_LIMITS) => limitsOf(wanted, known) }),
    };
    return withEtag(reply, await this.tenants.change({ call, id, ifMatch, versionRequired: true }, changes));
  }

  @Post(':tenantId/suspend')
  @HttpCode(200)
  @Allows('operator', 'tenants.suspend')
  @ApiOperation({ summary: "Refuse the tenant's requests until it is resumed" })
  @ApiIfMatch(true)
  suspend(
    @CalledBy() call: Call,
    @Param('tenantId') id: string,
    @IfMatchHeader() ifMatch: IfMatch,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TenantView> {
    return this.enter('suspended', call, id, ifMatch, reply);
  }

  @Post(':tenantId/resume')
  @HttpCode(200)
  @Allows('operator', 'tenants.resume')
  @ApiOperation({ summary: "Take the tenant's requests again" })
  @ApiIfMatch(true)
  resume(
    @CalledBy() call: Call,
    @Param('tenantId') id: string,
    @IfMatchHeader() ifMatch: IfMatch,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TenantView> {
    return this.enter('active', call, id, ifMatch, reply);
  }

  @Delete(':tenantId')
  @Allows('admin', 'tenants.delete')
  @ApiOperation({ summary: 'Close a tenant for good; its id is never given again, and its metrics stay' })
  @ApiIfMatch(true)
  remove(
    @CalledBy() call: Call,
    @Param('tenantId') id: string,
    @IfMatchHeader() ifMatch: IfMatch,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TenantView> {
    return this.enter('deleted', call, id, ifMatch, reply);
  }

  private async enter(
    state: (typeof STATES)[number],
    call: Call,
    id: string,
    ifMatch: IfMatch,
    reply: FastifyReply,
  ): Promise<TenantView> {
    return withEtag(reply, await this.tenants.change({ call, id, ifMatch, versionRequired: true }, { state }));
  }
}
