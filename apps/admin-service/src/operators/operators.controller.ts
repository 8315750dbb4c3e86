import { Body as RequestBody, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';

import { AdminController, Allows } from '../access/allows.js';
import { type Call, CalledBy } from '../access/call.js';
import { ROLES } from '../access/roles.js';
import { Body } from '../http/body.js';
import { ApiMembers, ApiPageOf } from '../http/open-api.js';
import type { Page } from '../http/page.js';
import { type Parameters, QueryParameters } from '../http/parameters.js';
import { Operators, type OperatorView, type OperatorWithKey } from './operators.js';

const OVERLAP = { min: 0, max: 7 * 24 * 60 * 60, integer: true };
const NAME_LENGTH = 200;

/** Who may call this API. */
@AdminController('operators')
export class OperatorsController {
  constructor(private readonly operators: Operators) {}

  @Get()
  @Allows('admin', 'operators.list')
  @ApiOperation({ summary: 'Operators, revoked ones among them' })
  @ApiPageOf()
  list(@QueryParameters() parameters: Parameters): Promise<Page<OperatorView>> {
    const page = parameters.page();
    parameters.finish();
    return this.operators.list(page);
  }

  @Get('me')
  @Allows('viewer', 'operators.me')
  @ApiOperation({ summary: 'Whose key this is' })
  me(@CalledBy() { actor }: Call): Promise<OperatorView> {
    return this.operators.get(actor.id);
  }

  @Post()
  @Allows('admin', 'operators.create')
  @ApiOperation({ summary: 'A new operator; its key is shown this once' })
  @ApiMembers({ name: { type: 'string' }, role: { enum: [...ROLES] } }, ['name', 'role'])
  create(@CalledBy() call: Call, @RequestBody() given: unknown): Promise<OperatorWithKey> {
    const body = new Body(given);
    const wanted = { name: body.text('name', NAME_LENGTH), role: body.choice('role', ROLES) };
    body.finish();
    return this.operators.create(call, wanted);
  }

  @Post(':operatorId/rotate')
  @Allows('admin', 'operators.rotate')
  @ApiOperation({ summary: 'A new key, shown this once; the one before goes on for `overlapSeconds`, 0 unless given' })
  @ApiMembers({ overlapSeconds: { type: 'integer', minimum: 0, maximum: OVERLAP.max } })
  rotate(
    @CalledBy() call: Call,
    @Param('operatorId') id: string,
    @RequestBody() given: unknown,
  ): Promise<OperatorWithKey> {
    const body = new Body(given);
    const overlapSeconds = body.optionalNumber('overlapSeconds', OVERLAP) ?? 0;
    body.finish();
    return this.operators.rotate(call, id, overlapSeconds * 1_000);
  }

  @Post(':operatorId/revoke')
  @HttpCode(200)
  @Allows('admin', 'operators.revoke')
  @ApiOperation({ summary: 'Close all doors to an operator, at once' })
  revoke(@CalledBy() call: Call, @Param('operatorId') id: string): Promise<OperatorView> {
    return this.operators.revoke(call, id);
  }
}
