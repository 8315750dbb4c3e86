// Writes the documents that are made from code. With `--check` it writes nothing and exits with 1 where one is stale, or where code
// reads a variable that none of them names.
// Run by `npm run docs`: it reads the apps' TypeScript, so Node needs the loader of @weir/jest-preset/run-source.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';

import { cliReference, settings as cliSettings } from '@weir/cli/reference';
import { metricCatalogue } from '@weir/telemetry';
import { format, resolveConfig } from 'prettier';

import { alertsReference } from './documentation/alerts.mjs';
import { appsWithConfiguration } from './documentation/apps.mjs';
import { configurationGuide, envExample } from './documentation/configuration.mjs';
import { dashboards } from './documentation/dashboards.mjs';
import { undocumentedReads } from './documentation/environment-reads.mjs';
import { groupsOf } from './documentation/groups.mjs';
import { metricsReference } from './documentation/metrics.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const apps = await appsWithConfiguration();
const groups = groupsOf(apps);
const example = envExample(groups);
const documents = [
  { path: '.env.example', text: example },
  { path: 'docs/guides/configuration.md', text: await markdown(configurationGuide(groups, apps.length, cliSettings)) },
  { path: 'docs/reference/cli.md', text: await markdown(cliReference()) },
  { path: 'docs/reference/alerts.md', text: await markdown(alertsReference(root)) },
  { path: 'docs/reference/metrics.md', text: await markdown(metricsReference(metricCatalogue)) },
  ...(await Promise.all(
    dashboards(root).map(async ({ path, text }) => ({ path, text: await formatted(text, 'json') })),
  )),
];

// Whoever copies .env.example has what every app needs: each loads it without a problem.
for (const { loadConfig } of apps) loadConfig(parseEnv(example));

const stale = documents.filter(({ path, text }) => textAt(path) !== text);
if (process.argv.includes('--check')) {
  const problems = [
    ...stale.map(({ path }) => `${path} is stale: run npm run docs`),
    ...undocumentedReads(apps).map(({ path, name }) => `${path} reads ${name}, which no document names`),
  ];
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
} else {
  for (const { path, text } of stale) {
    mkdirSync(dirname(`${root}/${path}`), { recursive: true });
    writeFileSync(`${root}/${path}`, text);
    console.log(`wrote ${path}`);
  }
}

/** @param {string} text */
async function markdown(text) {
  return formatted(text, 'markdown');
}

/**
 * @param {string} text
 * @param {'markdown' | 'json'} parser
 */
async function formatted(text, parser) {
  return format(text, { ...(await resolveConfig(`${root}/README.md`)), parser });
}

/** @param {string} path */
function textAt(path) {
  try {
    return readFileSync(`${root}/${path}`, 'utf8');
  } catch {
    return null; // not written yet
  }
}
