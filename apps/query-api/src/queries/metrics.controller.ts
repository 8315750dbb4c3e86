import { Controller, Get, Header, UseFilters, UseGuards } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { type AggregateResult, MetricsReader } from '@weir/metrics-store';

import { AskedBy, QueryAccess } from '../access/query-access.js';
import { Turns } from '../access/turns.js';
import type { RawQuery } from '../http/parameters.js';
import { QueryProblemFilter } from '../http/problem.filter.js';
import { QueryString } from '../http/query-string.js';
import { ApiAggregateParameters, ApiPointsParameters, ApiProblems, ApiTenantKey } from './openapi.js';
import { aggregateQuestion, pointsQuestion } from './questions.js';
import type { Asker } from './questions.js';

const JSON_CONTENT_TYPE = 'application/json; charset=utf-8';

/** Values of a tenant's metrics: as they were posted, or put together in buckets of time. */
@ApiTags('metrics')
@ApiTenantKey()
@ApiProblems()
@Controller('api/v1/metrics')
@UseGuards(QueryAccess)
@UseFilters(QueryProblemFilter)
export class MetricsController {
  constructor(
    private readonly reader: MetricsReader,
    private readonly turns: Turns,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Raw points of a metric, newest first' })
  @ApiPointsParameters()
  @Header('content-type', JSON_CONTENT_TYPE)
  points(@AskedBy() asker: Asker, @QueryString() raw: RawQuery): Promise<Buffer> {
    const question = pointsQuestion(asker, raw);
    return this.turns.take(asker, () => this.reader.pointsJson(question, asker));
  }

  @Get('query')
  @ApiOperation({ summary: 'A metric aggregated over buckets of time' })
  @ApiAggregateParameters()
  aggregate(@AskedBy() asker: Asker, @QueryString() raw: RawQuery): Promise<AggregateResult> {
    const question = aggregateQuestion(asker, raw);
    return this.turns.take(asker, () => this.reader.aggregate(question, asker));
  }
}
