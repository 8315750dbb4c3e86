import { Controller, Get, Param, Query, UseFilters, UseGuards } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { MetricsReader, type SeriesDescription } from '@weir/metrics-store';

import { AskedBy, QueryAccess } from '../access/query-access.js';
import type { RawQuery } from '../http/parameters.js';
import { QueryProblemFilter } from '../http/problem.filter.js';
import { ApiListParameters, ApiProblems, ApiTenantKey } from './openapi.js';
import { listQuestion } from './questions.js';
import type { Asker } from './questions.js';

interface Page {
  /** Asks for what comes after; null at the end. */
  readonly nextCursor: string | null;
}

/** What a tenant has metrics of. Every list is sorted, and may be narrowed by name, environment and labels. */
@ApiTags('catalog')
@ApiTenantKey()
@ApiProblems()
@Controller('api/v1/metrics')
@UseGuards(QueryAccess)
@UseFilters(QueryProblemFilter)
export class CatalogController {
  constructor(private readonly reader: MetricsReader) {}

  @Get('names')
  @ApiOperation({ summary: 'Names of metrics' })
  @ApiListParameters()
  async names(@AskedBy() asker: Asker, @Query() raw: RawQuery): Promise<Page & { names: readonly string[] }> {
    const { items, nextCursor } = await this.reader.names(listQuestion(asker, raw));
    return { names: items, nextCursor };
  }

  @Get('labels')
  @ApiOperation({ summary: 'Names of labels' })
  @ApiListParameters()
  async labels(@AskedBy() asker: Asker, @Query() raw: RawQuery): Promise<Page & { labels: readonly string[] }> {
    const { items, nextCursor } = await this.reader.labelNames(listQuestion(asker, raw));
    return { labels: items, nextCursor };
  }

  @Get('labels/:label/values')
  @ApiOperation({ summary: 'Values of one label' })
  @ApiListParameters()
  async values(
    @AskedBy() asker: Asker,
    @Param('label') label: string,
    @Query() raw: RawQuery,
  ): Promise<Page & { values: readonly string[] }> {
    const { items, nextCursor } = await this.reader.labelValues({ ...listQuestion(asker, raw), label });
    return { values: items, nextCursor };
  }

  @Get('series')
  @ApiOperation({ summary: 'Series: each combination of name, environment and labels' })
  @ApiListParameters()
  async series(
    @AskedBy() asker: Asker,
    @Query() raw: RawQuery,
  ): Promise<Page & { series: readonly SeriesDescription[] }> {
    const { items, nextCursor } = await this.reader.series(listQuestion(asker, raw));
    return { series: items, nextCursor };
  }
}
