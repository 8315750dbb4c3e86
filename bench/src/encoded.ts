import { connectSchemaRegistry, MetricEventEncoder, SchemaVersion, subjects } from '@weir/avro';

import type { BenchSample } from './samples.js';

/** Encodes samples of a tenant as ingest-api does, taken in now. */
export async function sampleEncoder(
  registryUrl: string,
  tenantId: string,
): Promise<(samples: readonly BenchSample[]) => Buffer[]> {
  const registry = connectSchemaRegistry({ url: registryUrl });
  const encoder = new MetricEventEncoder(registry, { subject: subjects.metricsRaw.subject, autoRegister: true });
  await encoder.ready(SchemaVersion.V3);
  return (samples) => {
    const nowMs = Date.now();
    const events = samples.map((sample) => ({ ...sample, tenant_id: tenantId, ingested_at: nowMs }));
    return encoder.encode(events, SchemaVersion.V3);
  };
}
