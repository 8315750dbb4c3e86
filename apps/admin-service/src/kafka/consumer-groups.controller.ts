import { Body as RequestBody, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';

import { AdminController, Allows } from '../access/allows.js';
import { type Call, CalledBy } from '../access/call.js';
import { Body } from '../http/body.js';
import { ApiMembers, ApiPageOf } from '../http/open-api.js';
import type { Page } from '../http/page.js';
import { type Parameters, QueryParameters } from '../http/parameters.js';
import { ConsumerGroups, type GroupDetail, type GroupView } from './consumer-groups.js';
import { OffsetReset, type Reset, type ResetRequest, TARGETS } from './offset-reset.js';

const REASON_LENGTH = 500;
const OFFSET = { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true };

/** Who reads, and how far they are. */
@AdminController('consumer-groups')
export class ConsumerGroupsController {
  constructor(
    private readonly groups: ConsumerGroups,
    private readonly offsets: OffsetReset,
  ) {}

  @Get()
  @Allows('viewer', 'consumer_groups.list')
  @ApiOperation({ summary: 'Consumer groups, their members and how far behind they are' })
  @ApiPageOf()
  list(@QueryParameters() parameters: Parameters): Promise<Page<GroupView>> {
    const page = parameters.page();
    parameters.finish();
    return this.groups.list(page);
  }

  @Get(':groupId')
  @Allows('viewer', 'consumer_groups.read')
  @ApiOperation({ summary: 'Members, and for each partition the committed offset, the lag and the time behind' })
  read(@Param('groupId') groupId: string): Promise<GroupDetail> {
    return this.groups.get(groupId);
  }

  @Post(':groupId/offsets')
  @HttpCode(200)
  @Allows('admin', 'consumer_groups.reset_offsets')
  @ApiOperation({
    summary: 'Move the offsets of a group that has no members; without "confirm": true only tell what would be done',
  })
  @ApiMembers(
    {
      topic: { type: 'string' },
      partitions: { type: 'array', items: { type: 'integer' }, description: 'All unless given.' },
      to: { type: 'string', enum: [...TARGETS] },
      time: { description: 'With "to": "time": RFC 3339 or epoch milliseconds.' },
      offset: { type: 'integer', description: 'With "to": "offset".' },
      confirm: { type: 'boolean', default: false },
      reason: { type: 'string' },
    },
    ['topic', 'to', 'reason'],
  )
  reset(@CalledBy() call: Call, @Param('groupId') groupId: string, @RequestBody() given: unknown): Promise<Reset> {
    return this.offsets.reset(call, resetRequest(groupId, new Body(given)));
  }
}

function resetRequest(groupId: string, body: Body): ResetRequest {
  const request = {
    groupId,
    topic: body.text('topic', 249),
    partitions: body.has('partitions') ? body.integers('partitions', 1_000) : null,
    to: body.choice('to', TARGETS),
    timeMs: body.optionalTime('time'),
    offset: body.optionalNumber('offset', OFFSET),
    confirm: body.flag('confirm'),
    reason: body.text('reason', REASON_LENGTH),
  };
  body.finish();
  return request;
}
