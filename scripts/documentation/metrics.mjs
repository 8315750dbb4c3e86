/**
 * docs/reference/metrics.md.
 *
 * @param {Readonly<Record<string, import('@weir/telemetry').MetricDefinition>>} catalogue
 */
export function metricsReference(catalogue) {
  const entries = Object.entries(catalogue);
  const buckets = entries.flatMap(([name, metric]) =>
    metric.buckets === undefined ? [] : [`| \`${name}\` | ${metric.buckets.join(', ')} |`],
  );
  return `# Metrics

Made by \`npm run docs\` from the catalogue in packages/telemetry; a test holds it fresh.

Every process serves \`/metrics\` in Prometheus' text format, from before its first work on, with the figures of Node itself beside these
(\`process_*\`, \`nodejs_*\`, among them the delay of the event loop). Each app shows those that it uses.

| metric | type | labels | meaning |
|---|---|---|---|
${entries.map(([name, metric]) => `| \`${name}\` | ${metric.type} | ${metric.labels.map((label) => `\`${label}\``).join(', ')} | ${metric.help} |`).join('\n')}

## Buckets

| histogram | upper bounds |
|---|---|
${buckets.join('\n')}
`;
}
