import { type Section } from '../../board.js';
import { document } from '../../links.js';
import { table } from '../../panels/table.js';
import { timeSeries } from '../../panels/timeseries.js';
import { growth, max, series, sum } from '../../promql.js';
import { topics } from './selected.js';

export const written: Section = {
  title: 'Topics',
  panels: [
    timeSeries({
      title: 'Records appended',
      description: 'By topic, as the brokers tell, control records of transactions included.',
      unit: 'perSecond',
      width: 12,
      queries: [
        {
          expression: sum(max(growth('weir_topic_end_offset', topics), ['topic', 'partition']), ['topic']),
          legend: '{{topic}}',
        },
      ],
      runbook: 'kafka-message-rate-low',
    }),
    timeSeries({
      title: 'Skew of partitions',
      description:
        'How much more than the mean the fullest partition of a topic gets. Usual: below 20% where there are many series.',
      unit: 'ratio',
      width: 12,
      limits: { warning: 0.2 },
      atLeast: 1,
      queries: [{ expression: series('weir:partition_skew:ratio_rate1h', topics), legend: '{{topic}}' }],
      nothing: 'too few records yet',
      runbook: 'kafka-partition-skew',
    }),
    table({
      title: 'Topics',
      description:
        'What there is, how long it is kept, and what is wrong with it. Without a retention records are kept for good.',
      unit: 'count',
      width: 24,
      labels: [{ label: 'topic', name: 'Topic' }],
      values: [
        {
          name: 'Kept for',
          expression: max(series('weir_topic_retention_seconds', topics), ['topic']),
          unit: 'seconds',
        },
        {
          name: 'End',
          expression: sum(max(series('weir_topic_end_offset', topics), ['topic', 'partition']), ['topic']),
          decimals: 0,
        },
        {
          name: 'Under-replicated',
          expression: max(series('weir_topic_under_replicated_partitions', topics), ['topic']),
          limits: { warning: 1 },
        },
        { name: 'Missing', expression: max(series('weir_topic_missing', topics), ['topic']), limits: { bad: 1 } },
      ],
      sortBy: 'End',
      links: [document('Guide: Kafka', 'guides/kafka.md')],
    }),
  ],
};
