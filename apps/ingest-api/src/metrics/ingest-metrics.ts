import { CappedLabel, type CounterCell, Metrics } from '@weir/telemetry';

import type { ActiveSeries } from '../limits/active-series.js';
import type { TenantQuotas } from '../limits/tenant-quotas.js';
import type { Admission } from './admission.js';
import type { IngestPipeline, Taken } from './ingest-pipeline.js';

/** Tenants that are counted under their own name. */
const NAMED_TENANTS = 100;

/** What is looked at when somebody asks. */
export interface IngestState {
  readonly admission: Pick<Admission, 'inFlight'>;
  readonly pipeline: Pick<IngestPipeline, 'waiting' | 'receivedBytes'>;
  readonly series: Pick<ActiveSeries, 'counts'>;
  readonly quotas: Pick<TenantQuotas, 'usage'>;
}

/** Counts requests and samples. */
export class IngestMetrics {
  private readonly refused;
  private readonly durations;
  private readonly sizes;
  private readonly acknowledgements;
  private readonly requests;
  private readonly samples;
  private readonly tenantSamples;
  private readonly tenantRejections;
  private readonly tenantRefusals;
  private readonly tenantLabel = new CappedLabel(NAMED_TENANTS);

  constructor(metrics: Metrics, state: IngestState) {
    this.durations = metrics.hotHistogram('weir_ingest_request_duration_seconds').of({});
    this.sizes = metrics.hotHistogram('weir_ingest_request_samples').of({});
    this.acknowledgements = metrics.hotHistogram('weir_ingest_acknowledgement_duration_seconds').of({});
    const requests = metrics.hotCounter('weir_ingest_requests_total');
    this.requests = cells((status) => requests.of({ status }));
    const samples = metrics.hotCounter('weir_ingest_samples_total');
    this.samples = cells((verdict) => samples.of({ verdict }));
    const tenantSamples = metrics.hotCounter('weir_ingest_tenant_samples_total');
    this.tenantSamples = cells((tenant) => tenantSamples.of({ tenant }));
    this.refused = metrics.counter('weir_ingest_rejected_requests_total');
    this.tenantRejections = metrics.counter('weir_ingest_tenant_rejected_samples_total');
    this.tenantRefusals = metrics.counter('weir_ingest_tenant_refused_requests_total');
    this.mirror(metrics, state);
  }

  answered(status: number, seconds: number): void {
    this.requests(String(status)).inc();
    this.durations.observe(seconds);
  }

  taken({ tenantId, accepted, rejected, acknowledgedAfterSeconds }: Taken): void {
    this.samples('accepted').inc(accepted);
    this.tenantSamples(this.tenantLabel.of(tenantId)).inc(accepted);
    this.sizes.observe(accepted + rejected.length);
    this.acknowledgements.observe(acknowledgedAfterSeconds);
    this.rejected(rejected, tenantId);
  }

  /** Samples refused alone; null: the tenant is not known. */
  rejected(rejected: Taken['rejected'], tenantId: string | null): void {
    if (rejected.length === 0) return;
    const byCode = merged(
      rejected.map(({ code }) => [code, 1] as const),
      (a, b) => a + b,
    );
    for (const [code, count] of byCode) {
      this.samples(code).inc(count);
      if (tenantId !== null) this.tenantRejections.inc({ tenant: this.tenantLabel.of(tenantId), code }, count);
    }
  }

  /** Refused for what the tenant does: how much it sends, or has in flight. */
  tenantRefused(tenantId: string, code: string): void {
    this.tenantRefusals.inc({ tenant: this.tenantLabel.of(tenantId), code });
  }

  refusedWhole(code: string): void {
    this.refused.inc({ code });
  }

  private mirror(metrics: Metrics, { admission, pipeline, series, quotas }: IngestState): void {
    const inFlightRequests = metrics.gauge('weir_ingest_in_flight_requests');
    const inFlightBytes = metrics.gauge('weir_ingest_in_flight_bytes');
    const waiting = metrics.gauge('weir_ingest_waiting_requests');
    const received = metrics.hotCounter('weir_ingest_received_bytes_total').of({});
    const activeSeries = metrics.gauge('weir_ingest_tenant_active_series');
    const usage = metrics.gauge('weir_ingest_tenant_limit_usage_ratio');
    let receivedBefore = 0;
    metrics.beforeScrape(() => {
      inFlightRequests.set(admission.inFlight.requests);
      inFlightBytes.set(admission.inFlight.bytes);
      for (const [queue, requests] of Object.entries(pipeline.waiting)) waiting.set({ queue }, requests);
      received.inc(pipeline.receivedBytes - receivedBefore);
      receivedBefore = pipeline.receivedBytes;
      const counts = series
        .counts()
        .map(({ tenantId, series: count }) => [this.tenantLabel.of(tenantId), count] as const);
      for (const [tenant, count] of merged(counts, (a, b) => a + b)) activeSeries.set({ tenant }, count);
      const ratios = quotas
        .usage()
        .map(({ tenantId, limit, ratio }) => [`${limit} ${this.tenantLabel.of(tenantId)}`, ratio] as const);
      for (const [key, ratio] of merged(ratios, Math.max)) {
        const [limit = '', tenant = ''] = key.split(' ');
        usage.set({ tenant, limit }, ratio);
      }
    });
  }
}

/** One figure for each key: as for tenants beyond the first, which have one label. */
function merged(
  entries: readonly (readonly [string, number])[],
  join: (one: number, other: number) => number,
): ReadonlyMap<string, number> {
  const byKey = new Map<string, number>();
  for (const [key, value] of entries) {
    const before = byKey.get(key);
    byKey.set(key, before === undefined ? value : join(before, value));
  }
  return byKey;
}

/** Keeps the cell of each label value. */
function cells(make: (value: string) => CounterCell): (value: string) => CounterCell {
  const known = new Map<string, CounterCell>();
  return (value) => {
    const cell = known.get(value) ?? make(value);
    known.set(value, cell);
    return cell;
  };
}
