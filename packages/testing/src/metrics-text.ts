/**
 * The values of a metric's series that have these labels, in a text of Prometheus' exposition format and in its order; none where the
 * metric is not there. https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function seriesIn(text: string, name: string, labels: Readonly<Record<string, string>> = {}): number[] {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .filter((line) => wanted.every((label) => line.includes(label)))
    .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1).replace('+Inf', 'Infinity')));
}
