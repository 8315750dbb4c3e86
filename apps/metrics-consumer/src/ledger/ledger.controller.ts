import { Controller, Get, Header } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { type LedgerReport, MetricsStore } from '@weir/metrics-store';

/** The promise, to be checked: what became of each offset of `metrics.raw`. */
@ApiTags('ledger')
@Controller('ledger')
export class LedgerController {
  constructor(private readonly store: MetricsStore) {}

  @Get()
  @Header('cache-control', 'no-store')
  @ApiOperation({
    summary: 'For each partition, how many offsets were stored, dead-lettered, empty, expired or skipped',
  })
  read(): Promise<LedgerReport> {
    return this.store.ledger();
  }
}
