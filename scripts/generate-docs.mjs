// Writes the documents that are made from code. With `--check` it writes nothing and exits with 1 where one is stale, or where code
// reads a variable that none of them names.
// Run by `npm run docs`: it reads the apps' TypeScript, so Node needs the loader of @weir/jest-preset/run-source.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';

import { metricCatalogue } from '@weir/telemetry';
import { format, resolveConfig } from 'prettier';

import { appsWithConfiguration } from './documentation/apps.mjs';
import { configurationGuide, envExample } from './documentation/configuration.mjs';
import { undocumentedReads } from './documentation/environment-reads.mjs';
import { groupsOf } from './documentation/groups.mjs';
import { metricsReference } from './documentation/metrics.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const apps = await appsWithConfiguration();
const groups = groupsOf(apps);
const example = envExample(groups);
const documents = [
  { path: '.env.example', text: example },
  { path: 'docs/guides/configuration.md', text: await markdown(configurationGuide(groups, apps.length)) },
  { path: 'docs/reference/metrics.md', text: await markdown(metricsReference(metricCatalogue)) },
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
  return format(text, { ...(await resolveConfig(`${root}/README.md`)), parser: 'markdown' });
}

/** @param {string} path */
function textAt(path) {
  try {
    return readFileSync(`${root}/${path}`, 'utf8');
  } catch {
    return null; // not written yet
  }
}
