import type { AppProcess } from '../../support/process.js';

/** The sum of a metric's series that have these labels, as the app tells it now; 0 where there is none yet. */
export async function metricOf(
  app: AppProcess,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const exposition = await (await fetch(`${app.url}/metrics`)).text();
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return exposition
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .filter((line) => wanted.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
