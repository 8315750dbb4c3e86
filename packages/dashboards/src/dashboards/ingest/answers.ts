import { type Section } from '../../board.js';
import { board, document } from '../../links.js';
import { heatmap } from '../../panels/heatmap.js';
import { timeSeries } from '../../panels/timeseries.js';
import { buckets, max, mean, quantile, rate, series, sum } from '../../promql.js';
import { here } from './selected.js';

export const work: Section = {
  title: 'Answers',
  panels: [
    timeSeries({
      title: 'Time of an answer',
      description:
        'From the head of a request to its answer, and, of it, until Kafka has acknowledged the samples. Usual: p99 below 50 ms. The difference of both is our own work and waiting for a turn.',
      unit: 'seconds',
      width: 12,
      queries: [
        { expression: quantile(0.5, 'weir_ingest_request_duration_seconds', [], here), legend: 'p50' },
        { expression: quantile(0.99, 'weir_ingest_request_duration_seconds', [], here), legend: 'p99' },
        { expression: quantile(0.5, 'weir_ingest_acknowledgement_duration_seconds', [], here), legend: 'Kafka p50' },
        { expression: quantile(0.99, 'weir_ingest_acknowledgement_duration_seconds', [], here), legend: 'Kafka p99' },
      ],
      runbook: 'kafka-producer-high-latency',
      links: [board('kafka')],
    }),
    heatmap({
      title: 'Time of an answer, spread',
      description:
        'Requests by the time that they took. Two bands: some requests meet what others do not, such as one slow broker.',
      unit: 'seconds',
      width: 12,
      expression: buckets('weir_ingest_request_duration_seconds', here),
    }),
    timeSeries({
      title: 'Answers by status',
      description: 'Requests a second by HTTP status. 202 is accepted, 207 in part; 429 and 503 ask to come back.',
      unit: 'perSecond',
      width: 8,
      stacked: true,
      queries: [{ expression: sum(rate('weir_ingest_requests_total', here), ['status']), legend: '{{status}}' }],
    }),
    timeSeries({
      title: 'Waiting for a turn',
      description:
        'Requests that wait to be read (body), or for room among what Kafka has not acknowledged (kafka). Usual: 0. Above it instances are full, or Kafka is slow.',
      unit: 'count',
      width: 8,
      queries: [
        { expression: sum(series('weir_ingest_waiting_requests', here), ['queue']), legend: '{{queue}}' },
        { expression: sum(series('weir_ingest_in_flight_requests', here)), legend: 'in flight' },
      ],
      runbook: 'kafka-producer-high-latency',
    }),
    timeSeries({
      title: 'Bytes',
      description: 'Bodies read, as sent, in bytes a second; and what is held in memory for requests in flight.',
      unit: 'bytesPerSecond',
      width: 8,
      queries: [
        { expression: sum(rate('weir_ingest_received_bytes_total', here)), legend: 'received' },
        { expression: sum(series('weir_ingest_in_flight_bytes', here)), legend: 'in flight', unit: 'bytes' },
      ],
    }),
    timeSeries({
      title: 'Samples in a request',
      description:
        'Mean and p99. One sample in each request costs ten times what a hundred in one do: tell the tenant.',
      unit: 'count',
      width: 12,
      queries: [
        { expression: mean('weir_ingest_request_samples', here), legend: 'mean' },
        { expression: quantile(0.99, 'weir_ingest_request_samples', [], here), legend: 'p99' },
      ],
    }),
    timeSeries({
      title: 'Age of the tenants view',
      description:
        'Since when an instance has not seen the end of the tenants topic: so late a revoked key or a new limit is known. Usual: below 2 s. Above TENANTS_MAX_AGE the instance answers 503.',
      unit: 'seconds',
      width: 12,
      limits: { warning: 10 },
      queries: [
        { expression: max(series('weir_tenants_view_age_seconds', here), ['instance']), legend: '{{instance}}' },
      ],
      runbook: 'kafka-connection-down',
      links: [document('Guide: tenants', 'guides/tenants.md')],
    }),
  ],
};
