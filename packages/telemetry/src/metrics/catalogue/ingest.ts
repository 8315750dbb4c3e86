import { counter, gauge, histogram } from '../definition.js';
import { LATENCY_SECONDS, SIZES } from './buckets.js';

/** What ingest-api takes in and refuses. */
export const ingestMetrics = {
  weir_ingest_requests_total: counter({ labels: ['status'], help: 'Ingest requests answered, by HTTP status.' }),
  weir_ingest_request_duration_seconds: histogram({
    unit: 'seconds',
    buckets: LATENCY_SECONDS,
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
    help: 'Ingest requests refused whole for what their tenant sends or has in flight, by tenant and code; beyond the first tenants it is "other".',
  }),
  weir_ingest_tenant_active_series: gauge({
    labels: ['tenant'],
    unit: 'series',
    help: 'Series that are active in this instance, of tenants with a limit; beyond the first tenants it is "other".',
  }),
  weir_ingest_limits_shared: gauge({
    help: 'Is 1 while instances share the limits of tenants through Redis, else 0: each counts alone.',
  }),
  weir_ingest_request_samples: histogram({
    unit: 'samples',
    buckets: SIZES,
    help: 'Samples in an ingest request that was not refused whole, refused ones included.',
  }),
  weir_ingest_received_bytes_total: counter({ help: 'Bytes of ingest bodies that were read, as sent.' }),
  weir_ingest_acknowledgement_duration_seconds: histogram({
    unit: 'seconds',
    buckets: LATENCY_SECONDS,
    help: 'Time from handing the samples of a request to Kafka to their acknowledgement by all in-sync replicas.',
  }),
  weir_ingest_waiting_requests: gauge({
    labels: ['queue'],
    unit: 'requests',
    help: 'Ingest requests that wait for their turn: to be read (body), or for room among what Kafka has not acknowledged (kafka).',
  }),
  weir_ingest_tenant_rejected_samples_total: counter({
    labels: ['tenant', 'code'],
    help: 'Samples refused alone, by tenant and code; beyond the first tenants it is "other".',
  }),
  weir_ingest_tenant_limit_usage_ratio: gauge({
    labels: ['tenant', 'limit'],
    unit: 'ratio',
    help: 'How much of a limit a tenant uses in this instance, 1 at the limit: samples_per_second or active_series; of tenants beyond the first, "other", the highest.',
  }),
};
