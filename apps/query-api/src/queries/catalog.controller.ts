import { Controller, Get, Param, UseFilters, UseGuards } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { MetricsReader, type SeriesDescription } from '@weir/metrics-store';

import { AskedBy, QueryAccess } from '../access/query-access.js';
import { Turns } from '../access/turns.js';
import { type RawQuery, storable } from '../http/parameters.js';
import { QueryProblemFilter } from '../http/problem.filter.js';
import { QueryString } from '../http/query-string.js';
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
  constructor(
    private readonly reader: MetricsReader,
    private readonly turns: Turns,
  ) {}

  @Get('names')
  @ApiOperation({ summary: 'Names of metrics' })
  @ApiListParameters()
  async names(@AskedBy() asker: Asker, @QueryString() raw: RawQuery): Promise<Page & { names: readonly string[] }> {
    const question = listQuestion(asker, raw);
    const { items, nextCursor } = await this.turns.take(asker, () => this.reader.names(question, asker));
    return { names: items, nextCursor };
  }

  @Get('labels')
  @ApiOperation({ summary: 'Names of labels' })
  @ApiListParameters()
  async labels(@AskedBy() asker: Asker, @QueryString() raw: RawQuery): Promise<Page & { labels: readonly string[] }> {
    const question = listQuestion(asker, raw);
    const { items, nextCursor } = await this.turns.take(asker, () => this.reader.labelNames(question, asker));
    return { labels: items, nextCursor };
  }

  @Get('labels/:label/values')
  @ApiOperation({ summary: 'Values of one label' })
  @ApiListParameters()
  async values(
    @AskedBy() asker: Asker,
    @Param('label') label: string,
    @QueryString() raw: RawQuery,
  ): Promise<Page & { values: readonly string[] }> {
    const question = { ...listQuestion(asker, raw), label: storable(label) };
    const { items, nextCursor } = await this.turns.take(asker, () => this.reader.labelValues(question, asker));
    return { values: items, nextCursor };
  }

  @Get('series')
  @ApiOperation({ summary: 'Series: each combination of name, environment and labels' })
  @ApiListParameters()
  async series(
    @AskedBy() asker: Asker,
    @QueryString() raw: RawQuery,
  ): Promise<Page & { series: readonly SeriesDescription[] }> {
    const question = listQuestion(asker, raw);
    const { items, nextCursor } = await this.turns.take(asker, () => this.reader.series(question, asker));
    return { series: items, nextCursor };
  }
}
