/** The part of the stack that is Weir itself: its apps, the demo's tenant, and the agent that reports this machine. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { nodeService } from '@weir/local-stack';

import { apps, environmentOf } from './apps.mjs';
import { ensureDemoTenant, TENANT_ID } from './demo-tenant.mjs';
import { kafkaUsers } from './kafka-users.mjs';
import { repository } from './places.mjs';

const HOST_AGENT = fileURLToPath(new URL('host-agent.mjs', import.meta.url));

/**
 * @typedef {object} Parts
 * @property {import('@weir/local-stack').StackHome} home
 * @property {number} offset
 * @property {import('@weir/local-stack').EngineAddresses} engines
 * @property {import('@weir/local-stack').DatabaseUrls} database
 * @property {import('@weir/local-stack').Supervisor} supervisor
 * @property {(line: string) => void} say
 * @property {AbortSignal} signal
 */

/**
 * @typedef {object} RunningApps
 * @property {{ name: string, url: string }[]} apps
 * @property {{ tenantId: string, apiKey: string, operatorKey: string }} demo
 * @property {string[]} instructions for people, line by line
 */

/**
 * Starts the apps and the demo; resolves once all are ready and the agent's first figures can be queried.
 *
 * @param {Parts} parts
 * @returns {Promise<RunningApps>}
 */
export async function startApps({ home, offset, engines, database, supervisor, say, signal }) {
  const operatorKey = home.secret('demo.adminKey', newOperatorKey);
  const wiring = {
    bootstrapServers: engines.kafka.bootstrapServers,
    kafkaUsers: await kafkaUsers(apps, engines.kafka, home),
    schemaRegistryUrl: engines.schemaRegistry.url,
    database,
    redisUrl: engines.redis?.url ?? '',
    operatorKey,
  };
  const services = apps.map((app) => appService(app, home, app.port + offset, wiring));
  await supervisor.start(services);
  const urls = Object.fromEntries(apps.map(({ name, port }) => [name, `http://127.0.0.1:${port + offset}`]));
  const apiKey = await ensureDemoTenant({ url: urls['admin-service'] ?? '', operatorKey, home, signal });
  await keyKnown(urls, apiKey, signal);
  await supervisor.start([hostAgent(home, urls, apiKey)]);
  await firstFigures(urls, apiKey, { say, signal });
  return {
    apps: apps.map(({ name }) => ({ name, url: urls[name] ?? '' })),
    demo: { tenantId: TENANT_ID, apiKey, operatorKey },
    instructions: instructions(urls, apiKey, operatorKey),
  };
}

/**
 * @param {import('./apps.mjs').App} app
 * @param {import('@weir/local-stack').StackHome} home
 * @param {number} port
 * @param {import('./apps.mjs').Wiring} wiring
 */
function appService(app, home, port, wiring) {
  const cwd = join(repository, 'apps', app.name);
  const script = join(cwd, 'dist', 'bundle', 'main.js');
  const environment = environmentOf(app, port, wiring);
  return nodeService({ name: app.name, script, cwd, logFile: home.log(app.name), port, environment });
}

/**
 * @param {import('@weir/local-stack').StackHome} home
 * @param {Record<string, string>} urls
 * @param {string} apiKey
 */
function hostAgent(home, urls, apiKey) {
  const environment = { WEIR_INGEST_URL: urls['ingest-api'] ?? '', WEIR_API_KEY: apiKey };
  return nodeService({
    name: 'host-agent',
    script: HOST_AGENT,
    cwd: repository,
    logFile: home.log('host-agent'),
    port: null,
    environment,
  });
}

/** The key of the first admin, which admin-service takes in at its first start. */
function newOperatorKey() {
  return `wo_${randomBytes(8).toString('hex')}_${randomBytes(32).toString('hex')}`;
}

/**
 * Waits until ingest-api has heard of the key, which takes a moment after it was made: the agent would take a 401 for an answer.
 *
 * @param {Record<string, string>} urls
 * @param {string} apiKey
 * @param {AbortSignal} signal
 */
async function keyKnown(urls, apiKey, signal) {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await wait(50, undefined, { signal })) {
    const { status } = await fetch(`${urls['ingest-api']}/api/v1/metrics`, {
      method: 'POST',
      headers: { 'X-API-Key': apiKey, 'Content-Type': 'application/json' },
      body: '[]',
      signal: AbortSignal.any([signal, AbortSignal.timeout(5_000)]),
    });
    if (status !== 401 && status !== 503) return;
  }
}

/**
 * Waits until the way from the agent to a query's answer has been gone once.
 *
 * @param {Record<string, string>} urls
 * @param {string} apiKey
 * @param {{ say: (line: string) => void, signal: AbortSignal }} options
 */
async function firstFigures(urls, apiKey, { say, signal }) {
  const deadline = Date.now() + 20_000;
  let last = 'no answer';
  while (Date.now() < deadline) {
    try {
      const response = await fetch(`${urls['query-api']}/api/v1/metrics?name=host_load1&limit=1`, {
        headers: { 'X-API-Key': apiKey },
        signal: AbortSignal.any([signal, AbortSignal.timeout(5_000)]),
      });
      last = await response.text();
      if (response.ok && last.includes('"host_load1"')) return;
    } catch (error) {
      signal.throwIfAborted();
      last = String(error);
    }
    await wait(200, undefined, { signal });
  }
  say(`This machine's figures cannot be queried yet; the last answer was: ${last.slice(0, 300)}`);
}

/** @param {Record<string, string>} urls @param {string} apiKey @param {string} operatorKey */
function instructions(urls, apiKey, operatorKey) {
  const key = `-H 'X-API-Key: ${apiKey}'`;
  const sample = `'{"name":"hello_weir","value":42,"timestamp":'$(date +%s)'000}'`;
  const query = `${urls['query-api']}/api/v1/metrics`;
  return [
    '',
    ...Object.entries(urls).map(([name, url]) => `  ${name.padEnd(18)} ${url}    API: ${url}/docs`),
    '',
    `Demo tenant "${TENANT_ID}", API key ${apiKey}`,
    `Demo operator (admin), key ${operatorKey}`,
    '',
    'Post a metric, and read it back:',
    `  curl -sS ${urls['ingest-api']}/api/v1/metrics ${key} -H 'Content-Type: application/json' -d ${sample}`,
    `  curl -sS '${query}?name=hello_weir' ${key}`,
    '',
    'This machine, as the host agent reports it every few seconds: its load now, and its CPU in the last hour by the minute:',
    `  curl -sS '${query}?name=host_load1&limit=5' ${key}`,
    `  curl -sS '${query}/query?name=host_cpu_busy_ratio&step=1m&agg=avg' ${key}`,
    '',
    'Tenants, and who did what to them, as an operator sees it:',
    `  curl -sS '${urls['admin-service']}/api/v1/tenants' -H 'X-Operator-Key: ${operatorKey}'`,
    `  curl -sS '${urls['admin-service']}/api/v1/audit?limit=5' -H 'X-Operator-Key: ${operatorKey}'`,
    '',
    'The whole system on one screen, and what else the terminal tool can do:',
    '  npx weir status --watch',
    '  npx weir help',
  ];
}
