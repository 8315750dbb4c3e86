/** The part of the stack that is Weir itself: its apps, the demo's tenant, and the agent that reports this machine. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { nodeService } from '@weir/local-stack';

import { apps, environmentOf } from './apps.mjs';
import { SetupError } from './console.mjs';
import { kafkaUsers } from './kafka-users.mjs';
import { repository } from './places.mjs';

const HOST_AGENT = fileURLToPath(new URL('host-agent.mjs', import.meta.url));
const DEMO_TENANT = fileURLToPath(new URL('demo-tenant.mjs', import.meta.url));
const TENANT_ID = 'demo';
const run = promisify(execFile);

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
  const operatorKey = home.secret('demo.operatorKey');
  const wiring = {
    bootstrapServers: engines.kafka.bootstrapServers,
    kafkaUsers: await kafkaUsers(apps, engines.kafka, home),
    schemaRegistryUrl: engines.schemaRegistry.url,
    database,
    redisUrl: engines.redis?.url ?? '',
    operatorKey,
  };
  const services = apps.map((app) => appService(app, home, app.port + offset, wiring));
  // ingest-api is ready only once it has read its tenants, so the tenant is published beside the apps' start.
  const [apiKey] = await Promise.all([publishDemoTenant(home, wiring, signal), supervisor.start(services)]);
  const urls = Object.fromEntries(apps.map(({ name, port }) => [name, `http://127.0.0.1:${port + offset}`]));
  await supervisor.start([hostAgent(home, urls, apiKey)]);
  await firstFigures(urls, apiKey, { say, signal });
  return {
    apps: apps.map(({ name }) => ({ name, url: urls[name] ?? '' })),
    demo: { tenantId: TENANT_ID, apiKey, operatorKey },
    instructions: instructions(urls, apiKey),
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
  const script = join(cwd, 'dist', 'main.js');
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

/**
 * The key is made once for each WEIR_HOME and written down before it is published.
 *
 * @param {import('@weir/local-stack').StackHome} home
 * @param {import('./apps.mjs').Wiring} wiring
 * @param {AbortSignal} signal
 */
async function publishDemoTenant(home, wiring, signal) {
  const made = home.knows('demo.apiKey')
    ? ''
    : (await run(process.execPath, [DEMO_TENANT, 'key'], { signal })).stdout.trim();
  const apiKey = home.secret('demo.apiKey', () => made);
  const env = {
    ...process.env,
    DEMO_API_KEY: apiKey,
    KAFKA_BOOTSTRAP_SERVERS: wiring.bootstrapServers,
    SCHEMA_REGISTRY_URL: wiring.schemaRegistryUrl,
  };
  try {
    await run(process.execPath, [DEMO_TENANT, 'publish'], { env, signal, timeout: 60_000 });
  } catch (error) {
    signal.throwIfAborted();
    throw new SetupError(
      `The demo's tenant could not be published: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return apiKey;
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

/** @param {Record<string, string>} urls @param {string} apiKey */
function instructions(urls, apiKey) {
  const key = `-H 'X-API-Key: ${apiKey}'`;
  const sample = `'{"name":"hello_weir","value":42,"timestamp":'$(date +%s)'000}'`;
  const query = `${urls['query-api']}/api/v1/metrics`;
  return [
    '',
    ...Object.entries(urls).map(([name, url]) => `  ${name.padEnd(18)} ${url}    API: ${url}/docs`),
    '',
    `Demo tenant "${TENANT_ID}", API key ${apiKey}`,
    '',
    'Post a metric, and read it back:',
    `  curl -sS ${urls['ingest-api']}/api/v1/metrics ${key} -H 'Content-Type: application/json' -d ${sample}`,
    `  curl -sS '${query}?name=hello_weir' ${key}`,
    '',
    'This machine, as the host agent reports it every few seconds: its load now, and its CPU in the last hour by the minute:',
    `  curl -sS '${query}?name=host_load1&limit=5' ${key}`,
    `  curl -sS '${query}/query?name=host_cpu_busy_ratio&step=1m&agg=avg' ${key}`,
  ];
}
