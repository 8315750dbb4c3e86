import { readdirSync, readFileSync } from 'node:fs';

import { parse } from 'yaml';

import { askedAlerts, askedMetrics } from './asked-for.mjs';

/**
 * @typedef {object} Rule
 * @property {string} [alert]
 * @property {string} [record]
 * @property {string} expr
 * @property {string} [for]
 * @property {string} [keep_firing_for]
 * @property {{ severity: string }} [labels]
 * @property {{ summary: string }} [annotations]
 */
/** @typedef {Rule & { alert: string, labels: { severity: string }, annotations: { summary: string } }} Alert */

/**
 * docs/reference/alerts.md.
 *
 * @param {string} root
 */
export function alertsReference(root) {
  const folder = `${root}/deploy/prometheus/rules`;
  const rules = readdirSync(folder)
    .toSorted()
    .flatMap((name) =>
      /** @type {{ groups: { rules: Rule[] }[] }} */ (parse(readFileSync(`${folder}/${name}`, 'utf8'))).groups.flatMap(
        (group) => group.rules,
      ),
    );
  const alerts = /** @type {Alert[]} */ (rules.filter(({ alert }) => alert !== undefined));
  const recorded = rules.filter(({ record }) => record !== undefined);
  return `# Alerts

Made by \`npm run docs\` from deploy/prometheus/rules; a test holds it fresh. Each alert is seen firing and seen quiet by \`promtool\`, in deploy/prometheus/tests; who is told, and what is left unsaid because another alert explains it, stands
in deploy/alertmanager/alertmanager.yml. \`npm start -- --with prometheus\` runs all of it here.

**critical**: data is lost or about to be, tenants are turned away, or nothing moves: somebody is woken. **warning**: for the next working day.

| alert | severity | after | says |
|---|---|---|---|
${alerts.map(alertRow).join('\n')}

Where an alert goes on for a while after its cause is gone, what follows from that cause (rates over five minutes, samples that are stored late) is inhibited until it is over, too.

## What the platform’s documents ask for

Meaning, threshold, duration and severity are theirs. Expressions are not, where theirs never fire: a ratio of series whose labels differ is always 1, an \`and\` of two statuses matches nothing without \`ignoring(status)\`, and a histogram has no series that ends in \`_p95\`.

| asked for | here | differs, and why | test |
|---|---|---|---|
${askedAlerts.map(({ asked, here, differs, test }) => `| ${asked} | \`${here}\` | ${differs} | \`${test}\` |`).join('\n')}

| metric | labels and buckets | here | test |
|---|---|---|---|
${askedMetrics.map(({ asked, kept, here, test }) => `| \`${asked}\` | ${kept} | \`${here}\` | \`${test}\` |`).join('\n')}

\`tda_job_events_total\` and \`tda_computation_results_total\` count the work of another system and have no place here.

## Expressions

${alerts.map(expression).join('\n')}
## Recorded

${recorded.map(({ record, expr }) => `\`${record}\`\n\n\`\`\`promql\n${expr}\n\`\`\`\n`).join('\n')}
`;
}

/** @param {Alert} alert */
function alertRow({ alert, labels, annotations, for: after = 'at once', keep_firing_for: rest }) {
  const page = alert.replaceAll(/(?<!^)(?=[A-Z])/gu, '-').toLowerCase();
  const says = annotations.summary.replaceAll(/\{\{ \$labels\.(\w+) \}\}/gu, '‹$1›').replaceAll(/\{\{.*?\}\}/gu, '…');
  const lasting = rest === undefined ? '' : `, and ${rest} longer than its cause`;
  return `| [\`${alert}\`](../runbooks/${page}.md) | ${labels.severity} | ${after}${lasting} | ${says} |`;
}

/** @param {Alert} alert */
function expression({ alert, labels, expr }) {
  return `\`${alert}\`, ${labels.severity}\n\n\`\`\`promql\n${expr}\n\`\`\`\n`;
}
