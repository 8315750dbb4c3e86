import { CappedLabel, Metrics } from '@weir/telemetry';

import type { ActiveSeries } from '../limits/active-series.js';
import type { Admission } from './admission.js';
import type { Taken } from './ingest-pipeline.js';

/** Tenants that are counted under their own name. */
const NAMED_TENANTS = 100;

/** Counts requests and samples. */
export class IngestMetrics {
  private readonly requests;
  private readonly refused;
  private readonly durations;
  private readonly samples;
  private readonly tenantSamples;
  private readonly tenantRefusals;
  private readonly tenantLabel = new CappedLabel(NAMED_TENANTS);

  constructor(metrics: Metrics, admission: Admission, series: Pick<ActiveSeries, 'counts'>) {
    this.requests = metrics.counter('weir_ingest_requests_total');
    this.refused = metrics.counter('weir_ingest_rejected_requests_total');
    this.durations = metrics.histogram('weir_ingest_request_duration_seconds');
    this.samples = metrics.counter('weir_ingest_samples_total');
    this.tenantSamples = metrics.counter('weir_ingest_tenant_samples_total');
    this.tenantRefusals = metrics.counter('weir_ingest_tenant_refused_requests_total');
    const inFlightRequests = metrics.gauge('weir_ingest_in_flight_requests');
    const inFlightBytes = metrics.gauge('weir_ingest_in_flight_bytes');
    const activeSeries = metrics.gauge('weir_ingest_tenant_active_series');
    metrics.beforeScrape(() => {
      inFlightRequests.set(admission.inFlight.requests);
      inFlightBytes.set(admission.inFlight.bytes);
      for (const [tenant, count] of this.byTenantLabel(series.counts())) activeSeries.set({ tenant }, count);
    });
  }

  answered(status: number, seconds: number): void {
    this.requests.inc({ status });
    this.durations.observe(seconds);
  }

  taken({ tenantId, accepted, rejected }: Taken): void {
    this.samples.inc({ verdict: 'accepted' }, accepted);
    this.tenantSamples.inc({ tenant: this.tenantLabel.of(tenantId) }, accepted);
    this.rejected(rejected);
  }

  rejected(rejected: Taken['rejected']): void {
    for (const { code } of rejected) this.samples.inc({ verdict: code });
  }

  /** Refused for what the tenant does: how much it sends, or has in flight. */
  tenantRefused(tenantId: string, code: string): void {
    this.tenantRefusals.inc({ tenant: this.tenantLabel.of(tenantId), code });
  }

  /** By label: what tenants beyond the first have is one figure. */
  private byTenantLabel(counts: ReturnType<ActiveSeries['counts']>): ReadonlyMap<string, number> {
    const byLabel = new Map<string, number>();
    for (const [tenantId, count] of counts) {
      const tenant = this.tenantLabel.of(tenantId);
      byLabel.set(tenant, (byLabel.get(tenant) ?? 0) + count);
    }
    return byLabel;
  }

  refusedWhole(code: string): void {
    this.refused.inc({ code });
  }
}
