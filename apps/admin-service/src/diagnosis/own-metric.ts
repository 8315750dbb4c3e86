import { inspectBody, subjects } from '@weir/avro';
import { isMetricName } from '@weir/tenancy';

/** The version of MetricEvent as which bytes read to their last, by Weir's own schemas; null where they read as none. */
export function ownVersionOf(value: Buffer, from: number): string | null {
  for (const { version, schema } of subjects.metricsRaw.versions.toReversed()) {
    const inspection = inspectBody(schema, value, from);
    // Few bytes read as anything: only a name that could be a metric's makes it one.
    if (inspection?.fault === null && isMetricName(nameIn(inspection.value))) return version;
  }
  return null;
}

function nameIn(value: unknown): string {
  const name: unknown = typeof value === 'object' && value !== null && 'name' in value ? value.name : '';
  return typeof name === 'string' ? name : '';
}
