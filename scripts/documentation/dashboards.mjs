import { readdirSync, readFileSync } from 'node:fs';

import { boards, fileOf } from '@weir/dashboards';
import { parse } from 'yaml';

/** @typedef {{ groups: { rules: { alert?: string }[] }[] }} RuleFile */
/** @typedef {{ global: { external_labels: { repository: string } } }} Configuration */

/**
 * Grafana's dashboards. They link to the pages of docs, wherever Prometheus is told that this repository can be read.
 *
 * @param {string} root
 */
export function dashboards(root) {
  const folder = `${root}/deploy/prometheus`;
  const alerts = readdirSync(`${folder}/rules`).flatMap((name) =>
    /** @type {RuleFile} */ (yamlAt(`${folder}/rules/${name}`)).groups.flatMap(({ rules }) =>
      rules.flatMap(({ alert }) => alert ?? []),
    ),
  );
  const { global } = /** @type {Configuration} */ (yamlAt(`${folder}/prometheus.yml`));
  const docsUrl = `${global.external_labels.repository}/docs`;
  return boards({ docsUrl, alerts: [...new Set(alerts)].toSorted() }).map(({ dashboard }) => {
    const { name, text } = fileOf(dashboard);
    return { path: `deploy/grafana/dashboards/${name}`, text };
  });
}

/**
 * @param {string} path
 * @returns {unknown}
 */
function yamlAt(path) {
  return parse(readFileSync(path, 'utf8'));
}
