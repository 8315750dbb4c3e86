import { type Section } from '../../board.js';
import { table } from '../../panels/table.js';
import { timeline } from '../../panels/timeline.js';
import { timeSeries } from '../../panels/timeseries.js';
import { max, min, quantile, rate, series, sum } from '../../promql.js';
import { words } from '../../theme.js';

export const clients: Section = {
  title: 'Clients',
  panels: [
    timeline({
      title: 'Connected',
      description: 'Whether each app’s clients are connected, the worst instance. Usual: all of them.',
      unit: 'state',
      width: 12,
      queries: [
        { expression: min(series('kafka_connection_status'), ['job', 'component']), legend: '{{job}} {{component}}' },
      ],
      mappings: [words({ 1: ['connected', 'good'], 0: ['not connected', 'bad'] })],
      runbook: 'kafka-connection-down',
    }),
    timeSeries({
      title: 'Brokers that a client does not reach',
      description: 'By app and client, the worst instance. Usual: 0.',
      unit: 'count',
      width: 12,
      queries: [
        {
          expression: max(series('weir_kafka_client_brokers', { state: 'down' }), ['job', 'client']),
          legend: '{{job}} {{client}}',
        },
      ],
      runbook: 'kafka-connection-down',
    }),
    timeSeries({
      title: 'Round trip, p99',
      description:
        'From a request to its answer, of the slowest broker. A consumer’s fetch waits for records: half a second is usual there.',
      unit: 'seconds',
      width: 8,
      queries: [
        {
          expression: max(series('weir_kafka_client_round_trip_seconds'), ['job', 'client']),
          legend: '{{job}} {{client}}',
        },
      ],
      runbook: 'kafka-producer-high-latency',
    }),
    timeSeries({
      title: 'Throttled for',
      description:
        'How long a broker held a client back for its quota. Usual: 0. Otherwise raise the quota of its user.',
      unit: 'seconds',
      width: 8,
      queries: [
        {
          expression: max(series('weir_kafka_client_throttle_seconds'), ['job', 'client']),
          legend: '{{job}} {{client}}',
        },
      ],
      runbook: 'kafka-producer-high-latency',
    }),
    timeSeries({
      title: 'Requests without an answer',
      description:
        'That ran out of time, and that were sent again, by app. Usual: 0, but for the moment in which a broker goes away.',
      unit: 'perSecond',
      width: 8,
      queries: [
        { expression: sum(rate('weir_kafka_client_timed_out_requests_total'), ['job']), legend: '{{job}} timed out' },
        { expression: sum(rate('weir_kafka_client_retried_requests_total'), ['job']), legend: '{{job}} again' },
      ],
      runbook: 'kafka-connection-down',
    }),
    timeSeries({
      title: 'Requests that wait',
      description: 'Not sent or not answered yet, by app and client. Usual: a handful.',
      unit: 'count',
      width: 8,
      queries: [
        {
          expression: sum(series('weir_kafka_client_waiting_requests'), ['job', 'client']),
          legend: '{{job}} {{client}}',
        },
      ],
      runbook: 'kafka-producer-high-latency',
    }),
    timeSeries({
      title: 'Fetched and not taken',
      description:
        'Records that a client has fetched and that wait for their handler. Usual: near 0; full while the consumer is the slowest part.',
      unit: 'count',
      width: 8,
      queries: [
        {
          expression: sum(series('weir_kafka_client_fetched_records'), ['job', 'client']),
          legend: '{{job}} {{client}}',
        },
      ],
      runbook: 'kafka-processing-latency-high',
    }),
    timeSeries({
      title: 'Calls of the admin client',
      description: 'By operation, and those that failed. Usual: a few a minute, none failed.',
      unit: 'perSecond',
      width: 8,
      queries: [
        {
          expression: sum(rate('kafka_admin_operations_total'), ['operation', 'status']),
          legend: '{{operation}} {{status}}',
        },
      ],
      runbook: 'kafka-connection-down',
    }),
  ],
};

export const registry: Section = {
  title: 'Schema registry and certificates',
  panels: [
    timeSeries({
      title: 'Requests to the schema registry',
      description:
        'By operation and outcome. Usual: rare, since what is known is kept. Errors: nothing is lost, what needs an unknown schema waits.',
      unit: 'perSecond',
      width: 8,
      queries: [
        {
          expression: sum(rate('weir_schema_registry_requests_total'), ['operation', 'status']),
          legend: '{{operation}} {{status}}',
        },
      ],
      runbook: 'weir-schema-registry-down',
    }),
    timeSeries({
      title: 'Time of a request to the registry, p99',
      description: 'By operation, until it is answered or given up. Usual: below 0.1 s.',
      unit: 'seconds',
      width: 8,
      queries: [
        {
          expression: quantile(0.99, 'weir_schema_registry_request_duration_seconds', ['operation']),
          legend: '{{operation}}',
        },
      ],
      nothing: 'nobody asks',
      runbook: 'weir-schema-registry-down',
    }),
    table({
      title: 'Certificates for Kafka',
      description: 'How long each is still valid. None where apps reach Kafka without TLS.',
      unit: 'seconds',
      width: 8,
      labels: [
        { label: 'job', name: 'App' },
        { label: 'certificate', name: 'Certificate' },
      ],
      values: [
        {
          name: 'Valid for',
          expression: `${min(series('weir_certificate_expiry_timestamp_seconds'), ['job', 'certificate'])} - time()`,
          unit: 'seconds',
          limits: { bad: 3 * 86_400, warning: 14 * 86_400, below: true },
        },
      ],
      nothing: 'none: Kafka is reached without TLS',
      emptyWhile: 'the system under test reaches Kafka without TLS',
      runbook: 'weir-certificate-expiring',
    }),
  ],
};
