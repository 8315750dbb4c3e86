import { Body, Controller, Get, Header, HttpCode, Ip, Post, UseGuards } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { type LedgerReport, MetricsStore } from '@weir/metrics-store';

import { OperatorGuard } from '../operator/operator.guard.js';
import { LedgerSkip, type SkipReport } from './ledger-skip.js';
import { parseSkipRequest } from './skip-request.js';

/** The promise, to be checked: what became of each offset of `metrics.raw`. */
@ApiTags('ledger')
@Controller('ledger')
export class LedgerController {
  constructor(
    private readonly store: MetricsStore,
    private readonly ledgerSkip: LedgerSkip,
  ) {}

  @Get()
  @Header('cache-control', 'no-store')
  @ApiOperation({
    summary: 'For each partition, how many offsets were stored, dead-lettered, empty, expired or skipped',
  })
  read(): Promise<LedgerReport> {
    return this.store.ledger();
  }

  /** Changes nothing unless the body says `"confirm": true`. See docs/guides/ledger.md. */
  @Post('skip')
  @UseGuards(OperatorGuard)
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiOperation({
    summary: 'Pass over the records of a partition below an offset, for good; needs the header X-Operator-Key',
    requestBody: {
      content: {
        'application/json': {
          example: { topic: 'metrics.raw', partition: 0, to: 150, expect_next: 120, reason: 'why', confirm: false },
        },
      },
    },
  })
  skip(@Ip() address: string, @Body() body: unknown): Promise<SkipReport> {
    return this.ledgerSkip.skip(parseSkipRequest(body), address);
  }
}
