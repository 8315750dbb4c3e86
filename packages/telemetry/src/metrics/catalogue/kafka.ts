import { counter, gauge, histogram } from '../definition.js';
import { LATENCY_SECONDS } from './buckets.js';

const PRODUCER_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** Clients of Kafka and of the schema registry. */
export const kafkaMetrics = {
  kafka_messages_produced_total: counter({
    labels: ['topic', 'message_type', 'status'],
    help: 'Records handed to a producer, by what became of them: success is acknowledged by the broker, error is not.',
  }),
  kafka_producer_errors_total: counter({ labels: ['topic', 'code'], help: 'Failed sends, by stable error code.' }),
  kafka_producer_latency_seconds: histogram({
    labels: ['topic', 'message_type'],
    unit: 'seconds',
    buckets: PRODUCER_SECONDS,
    help: 'Time from handing records to the producer to their acknowledgement.',
  }),
  kafka_admin_operations_total: counter({
    labels: ['operation', 'status'],
    help: 'Calls of the admin client, by operation and outcome (success or error).',
  }),
  kafka_connection_status: gauge({
    labels: ['component'],
    help: 'Whether a Kafka client is connected (1) or not (0), by component: producer, consumer, admin or reader.',
  }),
  weir_kafka_producer_queue_records: gauge({
    labels: ['producer'],
    unit: 'records',
    help: 'Records in a producer that are not acknowledged yet, reservations included.',
  }),
  weir_kafka_producer_queue_bytes: gauge({
    labels: ['producer'],
    unit: 'bytes',
    help: 'Bytes in a producer that are not acknowledged yet, reservations included.',
  }),
  weir_kafka_client_brokers: gauge({
    labels: ['client', 'state'],
    unit: 'brokers',
    help: 'Brokers that a Kafka client knows, by state of its connection: up or down.',
  }),
  weir_kafka_client_round_trip_seconds: gauge({
    labels: ['client'],
    unit: 'seconds',
    help: 'Time from a request of a Kafka client to its answer, 99th percentile of the last interval, of the slowest broker.',
  }),
  weir_kafka_client_throttle_seconds: gauge({
    labels: ['client'],
    unit: 'seconds',
    help: 'Longest time for which a broker throttled a Kafka client in the last interval (KIP-13 quotas).',
  }),
  weir_kafka_client_waiting_requests: gauge({
    labels: ['client'],
    unit: 'requests',
    help: 'Requests of a Kafka client that are not sent or not answered yet.',
  }),
  weir_kafka_client_timed_out_requests_total: counter({
    labels: ['client'],
    help: 'Requests of a Kafka client that no broker answered in time.',
  }),
  weir_kafka_client_retried_requests_total: counter({
    labels: ['client'],
    help: 'Requests that a Kafka client sent again.',
  }),
  weir_kafka_client_fetched_records: gauge({
    labels: ['client'],
    unit: 'records',
    help: 'Records that a Kafka client has fetched and nobody has taken yet.',
  }),
  weir_schema_registry_requests_total: counter({
    labels: ['operation', 'status'],
    help: 'Requests to the schema registry, by operation and outcome (success or error).',
  }),
  weir_schema_registry_request_duration_seconds: histogram({
    labels: ['operation'],
    unit: 'seconds',
    buckets: LATENCY_SECONDS,
    help: 'Time from a request to the schema registry to its answer, or to giving up.',
  }),
};
