import { Get, Param } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';

import { AdminController, Allows } from '../access/allows.js';
import { ApiPageOf, ApiTextParameters } from '../http/open-api.js';
import type { Page } from '../http/page.js';
import { type Parameters, QueryParameters } from '../http/parameters.js';
import { type GroupView, LetterGroups } from './groups.js';
import { LETTER_STATES } from './state.js';

const MAX_SCHEMA_ID = 2_147_483_647;

/** What failed, why, since when, for whom and how often. */
@AdminController('dlq/groups')
export class GroupsController {
  constructor(private readonly groups: LetterGroups) {}

  @Get()
  @Allows('viewer', 'dlq.groups.list')
  @ApiOperation({ summary: 'Dead letters by their cause, those seen last first' })
  @ApiPageOf()
  @ApiTextParameters('tenant', 'class', 'reason', 'schemaId', 'text', 'state', 'from', 'to')
  list(@QueryParameters() parameters: Parameters): Promise<Page<GroupView>> {
    const filter = {
      tenant: parameters.text('tenant'),
      class: parameters.text('class'),
      reason: parameters.text('reason'),
      schemaId: parameters.integer('schemaId', MAX_SCHEMA_ID),
      text: parameters.text('text'),
      state: parameters.choice('state', LETTER_STATES),
      from: parameters.time('from'),
      to: parameters.time('to'),
    };
    const page = parameters.page();
    parameters.finish();
    return this.groups.list(filter, page);
  }

  @Get(':fingerprint')
  @Allows('viewer', 'dlq.groups.read')
  @ApiOperation({ summary: 'One group' })
  get(@Param('fingerprint') fingerprint: string): Promise<GroupView> {
    return this.groups.get(fingerprint);
  }
}
