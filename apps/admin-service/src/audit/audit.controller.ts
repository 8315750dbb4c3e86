import { Get } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';

import { AdminController, Allows } from '../access/allows.js';
import { ApiPageOf, ApiTextParameters } from '../http/open-api.js';
import type { Page } from '../http/page.js';
import { type Parameters, QueryParameters } from '../http/parameters.js';
import { AuditLog, type AuditView } from './audit-log.js';

/** Who did what. */
@AdminController('audit')
export class AuditController {
  constructor(private readonly log: AuditLog) {}

  @Get()
  @Allows('operator', 'audit.read')
  @ApiOperation({ summary: 'What operators did and tried, newest first' })
  @ApiPageOf()
  @ApiTextParameters('actor', 'action', 'target', 'result', 'from', 'to')
  list(@QueryParameters() parameters: Parameters): Promise<Page<AuditView>> {
    const filter = {
      actor: parameters.text('actor'),
      action: parameters.text('action'),
      target: parameters.text('target'),
      result: parameters.text('result'),
      from: parameters.time('from'),
      to: parameters.time('to'),
    };
    const page = parameters.page();
    parameters.finish();
    return this.log.list(filter, page);
  }
}
