/**
 * The key of a record in `metrics.raw`: `acme/http_requests_total{method="GET",path="/"}@"prod"`.
 *
 * Equal for the same tenant, name, environment and labels in any order, and different otherwise: names and tenant ids have
 * none of the marks between them, and texts of the caller stand in quotes and escaped as JSON does. So one series stays
 * in one partition and in order, and an operator can read what it is.
 */
export function seriesKey(
  tenantId: string,
  name: string,
  labels: Readonly<Record<string, string>>,
  environment: string | null,
): string {
  let key = `${tenantId}/${name}{`;
  const names = Object.keys(labels);
  if (names.length > 1) names.sort(byCodeUnits);
  for (let at = 0; at < names.length; at += 1) {
    const label = names[at] ?? '';
    key += `${at === 0 ? '' : ','}${label}=${quoted(labels[label] ?? '')}`;
  }
  return environment === null ? `${key}}` : `${key}}@${quoted(environment)}`;
}

/** The same on every machine, as an order by locale would not be. */
function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : 1;
}

// JSON.stringify costs several times what this does where nothing needs an escape, which is nearly always.
// oxlint-disable-next-line no-control-regex
const NEEDS_ESCAPE = /["\\\u0000-\u001f]/;

function quoted(text: string): string {
  return NEEDS_ESCAPE.test(text) ? JSON.stringify(text) : `"${text}"`;
}
