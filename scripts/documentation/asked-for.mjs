/** What the platform's documents ask for, and what stands for it here. */

const KAFKA = 'deploy/prometheus/tests/kafka.test.yml';
const CATALOGUE = 'packages/telemetry/src/metrics/metrics.spec.ts';

/** @type {readonly { readonly asked: string, readonly here: string, readonly differs: string, readonly test: string }[]} */
export const askedAlerts = [
  {
    asked: 'DLQ receiving messages: more than none a second for 5 min, warning',
    here: 'KafkaDlqReceiving',
    differs: 'One alert a reason, over all instances.',
    test: KAFKA,
  },
  {
    asked: 'High error ratio: over 5% for 10 min, critical',
    here: 'KafkaHighErrorRatio',
    differs: 'Both sides are summed before they are divided.',
    test: KAFKA,
  },
  {
    asked: 'P99 latency over 1 s, warning',
    here: 'KafkaProcessingLatencyHigh',
    differs: 'No duration is asked for; the quantile is one of five minutes.',
    test: KAFKA,
  },
  {
    asked: 'Consumer stuck: failures and no success for 5 min, critical',
    here: 'KafkaConsumerStuck',
    differs:
      'By instance, and the instances counted. Without both statuses from the start there would be nothing to compare.',
    test: KAFKA,
  },
  {
    asked: '`KafkaProducerHighLatency`: p95 over 0.5 s for 5 min, warning',
    here: 'KafkaProducerHighLatency',
    differs: 'The quantile of the histogram.',
    test: KAFKA,
  },
  {
    asked: '`KafkaProducerErrors`: over 0.1 a second for 2 min, critical',
    here: 'KafkaProducerErrors',
    differs: 'Over instances and types of messages.',
    test: KAFKA,
  },
  {
    asked: '`KafkaConnectionDown`: status 0 for 1 min, critical',
    here: 'KafkaConnectionDown',
    differs: 'Instances of an app are counted: one alert a component.',
    test: KAFKA,
  },
  {
    asked: 'Consumer lag over 1,000 messages',
    here: 'KafkaConsumerLag',
    differs: 'Warning, for 5 min: neither is given.',
    test: KAFKA,
  },
  {
    asked: 'Message rate under 1 a second, if traffic is expected',
    here: 'KafkaMessageRateLow',
    differs: 'Expected is what came this time yesterday, where that was more than 2 a second. Warning, for 5 min.',
    test: 'deploy/prometheus/tests/traffic.test.yml',
  },
  {
    asked: 'Error rate over 1%',
    here: 'KafkaErrorRatioElevated',
    differs: 'Warning, for 5 min: neither is given.',
    test: KAFKA,
  },
  {
    asked: 'Partition distribution uneven by more than 20%',
    here: 'KafkaPartitionSkew',
    differs: 'Over an hour, from 100 records a second on: a few keys never spread evenly. Warning, for 15 min.',
    test: KAFKA,
  },
];

/** @type {readonly { readonly asked: string, readonly kept: string, readonly here: string, readonly test: string }[]} */
export const askedMetrics = [
  {
    asked: 'kafka_messages_processed_total',
    kept: '`status`: `success`, `failure`',
    here: 'kafka_messages_processed_total',
    test: 'apps/metrics-consumer/test/storing.int.spec.ts',
  },
  {
    asked: 'kafka_message_processing_duration_seconds',
    kept: '0.005 … 2.5',
    here: 'kafka_message_processing_duration_seconds',
    test: 'apps/metrics-consumer/test/storing.int.spec.ts',
  },
  {
    asked: 'kafka_dlq_messages_total',
    kept: '`reason`',
    here: 'kafka_dlq_messages_total',
    test: 'apps/metrics-consumer/test/dead-letters.int.spec.ts',
  },
  {
    asked: 'kafka_messages_produced_total',
    kept: '`topic`, `message_type`, `status`',
    here: 'kafka_messages_produced_total',
    test: 'packages/nest-kafka/test/transport.int.spec.ts',
  },
  {
    asked: 'kafka_messages_consumed_total',
    kept: '`topic`, `group`',
    here: 'kafka_messages_consumed_total',
    test: 'packages/nest-kafka/test/transport.int.spec.ts',
  },
  {
    asked: 'kafka_producer_errors_total',
    kept: '`topic`, `code`',
    here: 'kafka_producer_errors_total',
    test: CATALOGUE,
  },
  {
    asked: 'kafka_consumer_errors_total',
    kept: '`topic`, `code`',
    here: 'kafka_consumer_errors_total',
    test: CATALOGUE,
  },
  {
    asked: 'kafka_producer_latency_seconds',
    kept: '`topic`, `message_type`; 0.001 … 5',
    here: 'kafka_producer_latency_seconds',
    test: CATALOGUE,
  },
  {
    asked: 'kafka_consumer_lag',
    kept: '`topic`, `partition`, `group`',
    here: 'kafka_consumer_lag',
    test: 'apps/metrics-consumer/test/storing.int.spec.ts',
  },
  {
    asked: 'kafka_admin_operations_total',
    kept: '`operation`, `status`',
    here: 'kafka_admin_operations_total',
    test: 'packages/nest-kafka/test/kafka-topics.int.spec.ts',
  },
  {
    asked: 'tda_kafka_messages_produced_total',
    kept: 'the same',
    here: 'kafka_messages_produced_total',
    test: 'packages/nest-kafka/test/transport.int.spec.ts',
  },
  {
    asked: 'tda_kafka_producer_latency_seconds',
    kept: 'the same',
    here: 'kafka_producer_latency_seconds',
    test: CATALOGUE,
  },
  {
    asked: 'tda_kafka_connection_status',
    kept: '`component`',
    here: 'kafka_connection_status',
    test: 'packages/nest-kafka/test/transport.int.spec.ts',
  },
];
