import { counter, gauge, histogram, type MetricDefinition } from './definition.js';

const PROCESSING_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const LATENCY_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const FRESHNESS_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200, 86_400];
const BATCH_BUCKETS = [1, 10, 50, 100, 250, 500, 1_000, 2_000, 5_000, 10_000];
const DLQ_REASONS = [
  'frame',
  'unknown_schema',
  'decode',
  'tenant',
  'name',
  'labels',
  'value',
  'timestamp',
  'null_value',
  'database',
].map((reason) => ({ reason }));

/**
 * Every metric of Weir, each once. Those that begin with `kafka_` are the platform's established names, whose dashboards
 * and alerts go on working; new ones begin with `weir_` and end in their unit.
 */
export const metricCatalogue = {
  kafka_messages_processed_total: counter({
    labels: ['status'],
    startsWith: [{ status: 'success' }, { status: 'failure' }],
    help: 'Records settled, by outcome: success is stored; failure is dead-lettered, or in a batch whose try met a system fault.',
  }),
  kafka_message_processing_duration_seconds: histogram({
    unit: 'seconds',
    buckets: PROCESSING_BUCKETS,
    help: 'Time from the delivery of a batch to its settlement, once for each of its records.',
  }),
  kafka_dlq_messages_total: counter({
    labels: ['reason'],
    startsWith: DLQ_REASONS,
    help: 'Records sent to the dead letter queue, by reason.',
  }),
  kafka_messages_produced_total: counter({
    labels: ['topic', 'message_type', 'status'],
    help: 'Records handed to a producer, by what became of them: success is acknowledged by the broker, error is not.',
  }),
  kafka_messages_consumed_total: counter({ labels: ['topic', 'group'], help: 'Records delivered to a batch handler.' }),
  kafka_producer_errors_total: counter({ labels: ['topic', 'code'], help: 'Failed sends, by stable error code.' }),
  kafka_consumer_errors_total: counter({
    labels: ['topic', 'code'],
    help: 'Faults of consuming, by stable error code: of the client, or of a batch that is tried again.',
  }),
  kafka_producer_latency_seconds: histogram({
    labels: ['topic', 'message_type'],
    unit: 'seconds',
    buckets: LATENCY_BUCKETS,
    help: 'Time from handing records to the producer to their acknowledgement.',
  }),
  kafka_consumer_lag: gauge({
    labels: ['topic', 'partition', 'group'],
    help: 'Offsets between the end of a partition and the position of its consumer.',
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

  weir_ingest_requests_total: counter({ labels: ['status'], help: 'Ingest requests answered, by HTTP status.' }),
  weir_ingest_request_duration_seconds: histogram({
    unit: 'seconds',
    buckets: LATENCY_BUCKETS,
    help: 'Time from the head of an ingest request to its answer.',
  }),
  weir_ingest_samples_total: counter({
    labels: ['verdict'],
    startsWith: [{ verdict: 'accepted' }],
    help: 'Samples judged: accepted, or the code for which one was refused alone.',
  }),
  weir_ingest_rejected_requests_total: counter({
    labels: ['code'],
    help: 'Ingest requests refused whole, by the code of the problem.',
  }),
  weir_ingest_in_flight_requests: gauge({ unit: 'requests', help: 'Ingest requests being worked on.' }),
  weir_ingest_in_flight_bytes: gauge({
    unit: 'bytes',
    help: 'Bytes of ingest bodies being worked on, as sent, and of records that wait for Kafka.',
  }),
  weir_ingest_tenant_samples_total: counter({
    labels: ['tenant'],
    help: 'Samples accepted, by tenant; beyond the first tenants it is "other".',
  }),
  weir_ingest_tenant_refused_requests_total: counter({
    labels: ['tenant', 'code'],
    help: 'Ingest requests refused for how much their tenant sends or has in flight, by tenant and code; beyond the first tenants it is "other".',
  }),
  weir_ingest_tenant_active_series: gauge({
    labels: ['tenant'],
    unit: 'series',
    help: 'Series that are active in this instance, of tenants with a limit; beyond the first tenants it is "other".',
  }),
  weir_ingest_limits_shared: gauge({
    help: 'Is 1 while instances share the limits of tenants through Redis, else 0: each counts alone.',
  }),

  weir_consumer_batch_size_records: histogram({
    unit: 'records',
    buckets: BATCH_BUCKETS,
    help: 'Records in a batch as it is handed to its handler.',
  }),
  weir_consumer_batch_retries_total: counter({
    labels: ['topic', 'code'],
    help: 'Batches tried again because a system was down, by stable error code.',
  }),
  weir_consumer_rebalances_total: counter({
    labels: ['group', 'kind'],
    help: 'Changes of the assignment: assigned, revoked or lost.',
  }),

  weir_freshness_seconds: histogram({
    unit: 'seconds',
    buckets: FRESHNESS_BUCKETS,
    help: 'Time from taking a sample in to its being stored.',
  }),
  weir_ledger_offsets_total: counter({
    labels: ['topic', 'outcome'],
    help: 'Offsets settled in the ledger, by outcome: stored, dead_lettered, gap, expired or skipped.',
  }),
  weir_ledger_unbalanced_partitions: gauge({
    unit: 'partitions',
    help: 'Partitions whose ledger line does not add up; anything but 0 is an incident.',
  }),

  weir_breaker_open: gauge({
    labels: ['cause'],
    startsWith: [{ cause: 'dlq_unwritable' }, { cause: 'dead_letter_share' }],
    help: 'Is 1 while metrics-consumer takes no records for this cause, else 0.',
  }),
  weir_breaker_shared: gauge({
    help: 'Is 1 while instances share the breaker through Redis, else 0: each keeps to itself.',
  }),

  weir_replay_chunks_total: counter({
    labels: ['outcome'],
    startsWith: [{ outcome: 'answered' }, { outcome: 'repeated' }, { outcome: 'unreadable' }],
    help: 'Chunks of replays read: answered, repeated (answered before) or unreadable (passed over).',
  }),
  weir_replay_records_total: counter({
    labels: ['outcome'],
    startsWith: ['published', 'expired', 'mismatch', 'capped', 'refused'].map((outcome) => ({ outcome })),
    help: 'Records of replays answered, by outcome: published, expired, mismatch, capped or refused.',
  }),
  weir_replay_transactions_total: counter({
    labels: ['result'],
    startsWith: ['committed', 'aborted', 'fenced', 'unresolved'].map((result) => ({ result })),
    help: 'Transactions of replays, by result: committed, aborted, fenced, or unresolved until the partition is taken over again.',
  }),
  weir_replay_transaction_duration_seconds: histogram({
    unit: 'seconds',
    buckets: LATENCY_BUCKETS,
    help: 'Time that a committed transaction of a replay was open, which readers of its topics waited.',
  }),
  weir_replay_takeovers_total: counter({
    labels: ['reason'],
    startsWith: [{ reason: 'assigned' }, { reason: 'doubt' }],
    help: 'How often a commands partition was taken over: assigned by the group, in doubt (fenced, or a commit without an answer), or for memory.',
  }),

  weir_tenants_view_age_seconds: gauge({
    unit: 'seconds',
    help: 'Time since the tenants view was last proven to be at the end of its topic.',
  }),
  weir_tenants_view_tenants: gauge({ unit: 'tenants', help: 'Tenants in the view.' }),
  weir_tenants_view_records_passed_over_total: counter({
    labels: ['reason'],
    help: 'Records of the tenants topic that could not be used and were passed over.',
  }),

  weir_replay_outcomes_total: counter({
    labels: ['outcome'],
    startsWith: [{ outcome: 'applied' }, { outcome: 'repeated' }, { outcome: 'failed_again' }],
    help: 'Replayed records settled, by what became of them.',
  }),

  weir_outbox_messages: gauge({
    unit: 'messages',
    help: 'Messages of committed transactions that Kafka does not have yet.',
  }),
  weir_outbox_oldest_message_seconds: gauge({
    unit: 'seconds',
    help: 'Age of the oldest of those messages; 0 where there is none.',
  }),
  weir_outbox_publishing: gauge({
    help: 'Is 1 while the relay of this process publishes the outbox, which one at a time does, else 0.',
  }),
  weir_outbox_published_messages_total: counter({
    labels: ['topic'],
    help: 'Messages of the outbox that Kafka has, by topic.',
  }),
  weir_outbox_failures_total: counter({
    labels: ['code'],
    help: 'Times that the relay of the outbox had to begin anew, by stable error code.',
  }),
  weir_query_requests_total: counter({
    labels: ['route', 'status'],
    help: 'Queries answered, by route and HTTP status.',
  }),
  weir_query_duration_seconds: histogram({
    labels: ['route'],
    unit: 'seconds',
    buckets: LATENCY_BUCKETS,
    help: 'Time from the head of a query to its answer.',
  }),

  weir_build_info: gauge({
    labels: ['service', 'version'],
    unit: 'info',
    help: 'Always 1; its labels say what runs here.',
  }),
  weir_scrape_failures_total: counter({
    help: 'Readings that failed while /metrics was answered; their metrics kept the value before.',
  }),
} satisfies Readonly<Record<string, MetricDefinition>>;

type MetricCatalogue = typeof metricCatalogue;
export type MetricName = keyof MetricCatalogue;
export type LabelOf<Name extends MetricName> = MetricCatalogue[Name]['labels'][number];
type NameOf<Type extends MetricDefinition['type']> = {
  [Name in MetricName]: MetricCatalogue[Name]['type'] extends Type ? Name : never;
}[MetricName];
export type CounterName = NameOf<'counter'>;
export type GaugeName = NameOf<'gauge'>;
export type HistogramName = NameOf<'histogram'>;
