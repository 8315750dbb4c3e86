import { counter, gauge, histogram } from '../definition.js';
import { LATENCY_SECONDS } from './buckets.js';

/** Queries, operators, tenants, and what admin-service sees of the cluster. */
export const serviceMetrics = {
  weir_tenants_view_age_seconds: gauge({
    unit: 'seconds',
    help: 'Time since the tenants view was last proven to be at the end of its topic.',
  }),
  weir_tenants_view_tenants: gauge({ unit: 'tenants', help: 'Tenants in the view.' }),
  weir_tenants_view_records_passed_over_total: counter({
    labels: ['reason'],
    help: 'Records of the tenants topic that could not be used and were passed over.',
  }),
  weir_query_requests_total: counter({
    labels: ['route', 'status'],
    help: 'Queries answered, by route and HTTP status.',
  }),
  weir_query_duration_seconds: histogram({
    labels: ['route'],
    unit: 'seconds',
    buckets: LATENCY_SECONDS,
    help: 'Time from the head of a query to its answer.',
  }),
  weir_admin_requests_total: counter({
    labels: ['route', 'status'],
    help: 'Calls of operators answered, by route and HTTP status.',
  }),
  weir_admin_request_duration_seconds: histogram({
    labels: ['route'],
    unit: 'seconds',
    buckets: LATENCY_SECONDS,
    help: 'Time from the head of a call of an operator to its answer.',
  }),
  weir_api_key_expiry_timestamp_seconds: gauge({
    labels: ['tenant'],
    unit: 'seconds',
    help: 'Unix time at which the last key of a tenant expires, or did within a week, of tenants none of whose keys is without end; beyond the first tenants it is "other", the earliest.',
  }),
  weir_group_members: gauge({
    labels: ['group'],
    unit: 'members',
    help: 'Members of a consumer group, as the brokers tell.',
  }),
  weir_group_lag_records: gauge({
    labels: ['group', 'topic', 'partition'],
    unit: 'records',
    help: 'Offsets between the end of a partition and what a group has committed, as the brokers tell; beyond the first partitions it is left out.',
  }),
  weir_group_lag_seconds: gauge({
    labels: ['group', 'topic', 'partition'],
    unit: 'seconds',
    help: 'Time since the end of the partition was where the group is now, from what was seen of its end; 0 without lag.',
  }),
  weir_group_reading_failures_total: counter({
    help: 'Times that the lag of groups or the shape of topics could not be read from the brokers.',
  }),
  weir_topic_end_offset: gauge({
    labels: ['topic', 'partition'],
    unit: 'offset',
    help: 'Offset after the last record of a partition.',
  }),
  weir_topic_under_replicated_partitions: gauge({
    labels: ['topic'],
    unit: 'partitions',
    help: 'Partitions of a topic with fewer replicas in sync than they have.',
  }),
  weir_topic_missing: gauge({ labels: ['topic'], help: 'Is 1 while a topic of the registry does not exist, else 0.' }),
  weir_topic_retention_seconds: gauge({
    labels: ['topic'],
    unit: 'seconds',
    help: 'How long a topic keeps records, as configured at the brokers; left out for one that keeps them for good.',
  }),
  weir_cluster_brokers: gauge({ unit: 'brokers', help: 'Brokers of the Kafka cluster.' }),
};
