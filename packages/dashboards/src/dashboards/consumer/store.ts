import { type Section } from '../../board.js';
import { timeSeries } from '../../panels/timeseries.js';
import { quantile, rate, series, sum } from '../../promql.js';

export const store: Section = {
  title: 'The store',
  panels: [
    timeSeries({
      title: 'Connections to PostgreSQL',
      description:
        'By app: busy and idle ones, and how many there may be. Usual: busy well below the limit. At the limit transactions wait, and what is slow is in the database.',
      unit: 'count',
      width: 12,
      queries: [
        { expression: sum(series('weir_database_pool_connections'), ['job', 'state']), legend: '{{job}} {{state}}' },
        { expression: sum(series('weir_database_pool_limit_connections'), ['job']), legend: '{{job}} limit' },
      ],
      runbook: 'weir-database-down',
    }),
    timeSeries({
      title: 'Transactions that wait for a connection',
      description: 'By app. Usual: 0. Above it for longer than a moment: PostgreSQL is slow, or holds locks.',
      unit: 'count',
      width: 12,
      queries: [{ expression: sum(series('weir_database_pool_waiting_requests'), ['job']), legend: '{{job}}' }],
      runbook: 'weir-database-down',
    }),
    timeSeries({
      title: 'Queries',
      description: 'What query-api answers from the store, by route and status. 503: the store is away or too slow.',
      unit: 'perSecond',
      width: 12,
      queries: [
        { expression: sum(rate('weir_query_requests_total'), ['route', 'status']), legend: '{{status}} {{route}}' },
      ],
      nothing: 'nobody asks',
    }),
    timeSeries({
      title: 'Time of a query, p99',
      description: 'By route. Usual: below a second; a wide range of raw points takes longer than aggregates.',
      unit: 'seconds',
      width: 12,
      queries: [{ expression: quantile(0.99, 'weir_query_duration_seconds', ['route']), legend: '{{route}}' }],
      nothing: 'nobody asks',
    }),
  ],
};
