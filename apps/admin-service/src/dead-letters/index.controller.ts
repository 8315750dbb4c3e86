import { Get, HttpCode, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';

import { AdminController, Allows } from '../access/allows.js';
import { type Call, CalledBy } from '../access/call.js';
import { type IndexView, Rebuilding } from './rebuilding.js';

/** The index of dead letters as a whole. */
@AdminController('dlq/index')
export class IndexController {
  constructor(private readonly rebuilding: Rebuilding) {}

  @Get()
  @Allows('viewer', 'dlq.index.read')
  @ApiOperation({ summary: 'How much of metrics.dlq the index has' })
  get(): Promise<IndexView> {
    return this.rebuilding.view();
  }

  @Post('rebuild')
  @HttpCode(202)
  @Allows('admin', 'dlq.index.rebuild')
  @ApiOperation({ summary: 'Drop the index and read metrics.dlq again; what was decided about records stays' })
  rebuild(@CalledBy() call: Call): Promise<IndexView> {
    return this.rebuilding.rebuild(call);
  }
}
