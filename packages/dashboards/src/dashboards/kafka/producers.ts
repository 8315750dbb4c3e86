import { type Section } from '../../board.js';
import { timeSeries } from '../../panels/timeseries.js';
import { quantile, rate, series, sum } from '../../promql.js';
import { topics } from './selected.js';

export const sending: Section = {
  title: 'Producers',
  panels: [
    timeSeries({
      title: 'Records sent',
      description:
        'By app, topic and what became of them. Usual: success alone. error was not acknowledged: whoever sent it was told.',
      unit: 'perSecond',
      width: 8,
      queries: [
        {
          expression: sum(rate('kafka_messages_produced_total', topics), ['job', 'topic', 'status']),
          legend: '{{job}} {{topic}} {{status}}',
        },
      ],
      runbook: 'kafka-producer-errors',
    }),
    timeSeries({
      title: 'Time to acknowledgement, p95',
      description: 'By app and topic, by all in-sync replicas. Usual: below 25 ms. The slowest broker decides.',
      unit: 'seconds',
      width: 8,
      limits: { warning: 0.5 },
      queries: [
        {
          expression: quantile(0.95, 'kafka_producer_latency_seconds', ['job', 'topic'], topics),
          legend: '{{job}} {{topic}}',
        },
      ],
      runbook: 'kafka-producer-high-latency',
    }),
    timeSeries({
      title: 'Sends that failed',
      description: 'By topic and code. Usual: 0. Whoever sent was told, and tries again.',
      unit: 'perSecond',
      width: 8,
      queries: [
        {
          expression: sum(rate('kafka_producer_errors_total', topics), ['topic', 'code']),
          legend: '{{code}} {{topic}}',
        },
      ],
      nothing: 'none',
      emptyWhile: 'every send was acknowledged',
      runbook: 'kafka-producer-errors',
    }),
    timeSeries({
      title: 'Not acknowledged yet: records',
      description:
        'In each producer, reservations included. Usual: near 0. At its limit requests wait for room, then get 503.',
      unit: 'count',
      width: 12,
      queries: [
        {
          expression: sum(series('weir_kafka_producer_queue_records'), ['job', 'producer']),
          legend: '{{job}} {{producer}}',
        },
      ],
      runbook: 'kafka-producer-high-latency',
    }),
    timeSeries({
      title: 'Not acknowledged yet: bytes',
      description: 'In each producer, reservations included. Usual: near 0.',
      unit: 'bytes',
      width: 12,
      queries: [
        {
          expression: sum(series('weir_kafka_producer_queue_bytes'), ['job', 'producer']),
          legend: '{{job}} {{producer}}',
        },
      ],
      runbook: 'kafka-producer-high-latency',
    }),
  ],
};
