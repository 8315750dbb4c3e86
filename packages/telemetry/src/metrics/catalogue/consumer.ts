import { counter, gauge, histogram } from '../definition.js';
import { FRESHNESS_SECONDS, LATENCY_SECONDS, SIZES } from './buckets.js';

const PROCESSING_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
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

/** From Kafka to the store: batches, dead letters, the ledger, the breaker, the database. */
export const consumerMetrics = {
  kafka_messages_processed_total: counter({
    labels: ['status'],
    startsWith: [{ status: 'success' }, { status: 'failure' }],
    help: 'Records settled, by outcome: success is stored; failure is dead-lettered, or in a batch whose try met a system fault.',
  }),
  kafka_message_processing_duration_seconds: histogram({
    unit: 'seconds',
    buckets: PROCESSING_SECONDS,
    help: 'Time from the delivery of a batch to its settlement, once for each of its records.',
  }),
  kafka_dlq_messages_total: counter({
    labels: ['reason'],
    startsWith: DLQ_REASONS,
    help: 'Records sent to the dead letter queue, by reason.',
  }),
  kafka_messages_consumed_total: counter({ labels: ['topic', 'group'], help: 'Records delivered to a batch handler.' }),
  kafka_consumer_errors_total: counter({
    labels: ['topic', 'code'],
    help: 'Faults of consuming, by stable error code: of the client, or of a batch that is tried again.',
  }),
  kafka_consumer_lag: gauge({
    labels: ['topic', 'partition', 'group'],
    help: 'Offsets between the end of a partition and the position of its consumer.',
  }),
  weir_consumer_batch_size_records: histogram({
    unit: 'records',
    buckets: SIZES,
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
    buckets: FRESHNESS_SECONDS,
    help: 'Time from taking a sample in to its being stored; replayed samples are left out.',
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
  weir_replay_outcomes_total: counter({
    labels: ['outcome'],
    startsWith: [{ outcome: 'applied' }, { outcome: 'repeated' }, { outcome: 'failed_again' }],
    help: 'Replayed records settled, by what became of them.',
  }),
  weir_consumer_lag_seconds: gauge({
    labels: ['topic', 'partition', 'group'],
    unit: 'seconds',
    help: 'Age of the oldest record of a partition that its consumer has fetched or handled and not settled; 0 without lag.',
  }),
  weir_consumer_assigned_partitions: gauge({
    labels: ['group'],
    unit: 'partitions',
    help: 'Partitions that this process reads.',
  }),
  weir_consumer_waiting: gauge({
    labels: ['group', 'reason'],
    help: 'Is 1 while the consumer of a group reads nothing for this reason (the code of an error, paused, …), else 0.',
  }),
  weir_consumer_waited_seconds_total: counter({
    labels: ['group', 'reason'],
    help: 'Seconds for which the consumer of a group read nothing, by reason.',
  }),
  weir_consumer_stalls_total: counter({
    labels: ['group', 'kind'],
    help: 'Times that a consumer had work and did not move: its handler, or a partition.',
  }),
  weir_consumer_stage_duration_seconds: histogram({
    labels: ['stage'],
    unit: 'seconds',
    buckets: LATENCY_SECONDS,
    help: 'Time of a batch in each stage: decode (of what was not decoded while the batch before was stored), store (the transaction of rows and ledger), dead_letter (within it, until acknowledged), commit (of offsets).',
  }),
  weir_consumer_tenant_samples_total: counter({
    labels: ['tenant'],
    help: 'Samples stored, by tenant; beyond the first tenants it is "other".',
  }),
  weir_consumer_tenant_dead_letters_total: counter({
    labels: ['tenant', 'reason'],
    help: 'Records sent to the dead letter queue, by tenant and reason; unknown is a record that does not tell its tenant, "other" are tenants beyond the first.',
  }),
  weir_database_pool_connections: gauge({
    labels: ['state'],
    unit: 'connections',
    help: 'Connections of this process to PostgreSQL, by state: busy or idle.',
  }),
  weir_database_pool_limit_connections: gauge({
    unit: 'connections',
    help: 'Most connections to PostgreSQL that this process opens.',
  }),
  weir_database_pool_waiting_requests: gauge({
    unit: 'requests',
    help: 'Transactions of this process that wait for a connection to PostgreSQL.',
  }),
};
