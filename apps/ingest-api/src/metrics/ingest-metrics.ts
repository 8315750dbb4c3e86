import { CappedLabel, Metrics } from '@weir/telemetry';

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

  constructor(metrics: Metrics, admission: Admission) {
    this.requests = metrics.counter('weir_ingest_requests_total');
    this.refused = metrics.counter('weir_ingest_rejected_requests_total');
    this.durations = metrics.histogram('weir_ingest_request_duration_seconds');
    this.samples = metrics.counter('weir_ingest_samples_total');
    this.tenantSamples = metrics.counter('weir_ingest_tenant_samples_total');
    this.tenantRefusals = metrics.counter('weir_ingest_tenant_overloaded_requests_total');
    const inFlightRequests = metrics.gauge('weir_ingest_in_flight_requests');
    const inFlightBytes = metrics.gauge('weir_ingest_in_flight_bytes');
    metrics.beforeScrape(() => {
      inFlightRequests.set(admission.inFlight.requests);
      inFlightBytes.set(admission.inFlight.bytes);
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

  /** Refused for what else the tenant has in flight. */
  tenantRefused(tenantId: string): void {
    this.tenantRefusals.inc({ tenant: this.tenantLabel.of(tenantId) });
  }

  refusedWhole(code: string): void {
    this.refused.inc({ code });
  }
}
