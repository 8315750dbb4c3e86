import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@weir/testing';

import { Recovery } from '../support/recovery.js';
import { Alarms } from './support/alarms.js';
import { asSuperuser } from './support/database-faults.js';
import { Load } from './support/load.js';
import { accepted, lasting } from './support/scenario.js';

/** What would be as long as an alert takes at most, sixty times as fast: ten minutes and the window of five. */
const LONGEST_MS = 16_000;
/** So that what comes a little later is seen, too. */
const A_WHILE_MS = 5_000;
/** From the fault to the alert: its window and its time, sixty times as fast, a look at the health every five seconds, and a busy machine. */
const WITHIN_MS = 45_000;
const LIMITED = 100;

let recovery: Recovery;
let alarms: Alarms;
let load: Load;
const keys = new Map<string, string>();

async function newTenant(tenantId: string, limits: object): Promise<void> {
  await recovery.operator.call('POST', '/tenants', { tenantId, name: tenantId, limits });
  const { key } = await recovery.operator.issueKey(tenantId);
  keys.set(tenantId, key);
  await eventually(
    () => answerTo(key),
    (status) => status !== 401 && status !== 503,
    { timeoutMs: 60_000 },
  );
}

/** Of ingest-api, for a request without any sample. */
async function answerTo(key: string): Promise<number> {
  const headers = { 'content-type': 'application/json', 'x-api-key': key };
  const url = `${recovery.app('ingest-api').url}/api/v1/metrics`;
  return (await fetch(url, { method: 'POST', headers, body: '[]' })).status;
}

const loadOf = (tenant: string, pauseMs: number): Load =>
  Load.start({ url: recovery.app('ingest-api').url, apiKey: keys.get(tenant) ?? '', clients: 2, pauseMs });

/** What fires and nothing explains, by name; of critical ones alone unless told otherwise. */
const loud = async (wanted: (labels: Readonly<Record<string, string>>) => boolean): Promise<string[]> =>
  (await alarms.loud()).filter(wanted).map(({ alertname = '' }) => alertname);
const critical = (): Promise<string[]> => loud(({ severity }) => severity === 'critical');
const fires = (name: string, labels: Readonly<Record<string, string>> = {}): Promise<boolean> =>
  eventually(
    async () =>
      (await loud((found) => Object.entries(labels).every(([label, value]) => found[label] === value))).includes(name),
    Boolean,
    { timeoutMs: WITHIN_MS, intervalMs: 250 },
  );

beforeAll(async () => {
  recovery = await Recovery.start({ RETRY_MAX_DELAY: '1s' }); // it tries more often, as time goes faster here
  const added = await Promise.all([recovery.add('ingest-api'), recovery.add('query-api')]);
  await Promise.all(added.map((app) => app.ready()));
  await newTenant('acme', {});
  await newTenant('flood', { samplesPerSecond: LIMITED, burst: LIMITED });
  load = loadOf('acme', 100);
  const targets = [...recovery.apps].map(([name, apps]) => [name, apps.map(({ url }) => new URL(url).host)] as const);
  alarms = await Alarms.start(Object.fromEntries(targets));
}, 300_000);
afterAll(async () => {
  await Promise.allSettled([load?.stop(), alarms?.stop()]);
  await recovery?.stop();
}, 120_000);

/** What was, is over: nothing critical has fired for a while. */
beforeEach(async () => {
  await accepted(load, 1_000);
  let quietSince = Date.now();
  await eventually(
    async () => {
      const firing = await critical();
      if (firing.length > 0) quietSince = Date.now();
      return { firing, quietMs: Date.now() - quietSince };
    },
    ({ quietMs }) => quietMs >= A_WHILE_MS,
    { timeoutMs: 120_000, intervalMs: 250 },
  );
  alarms.forget();
}, 180_000);

describe('under load, on a real Prometheus with these rules, sixty times as fast', () => {
  it('a database that is stopped is one critical alert, and stays one until all that follows from it is over', async () => {
    const [found] = (await recovery.pool.query<{ name: string }>('SELECT current_database() AS name')).rows;
    const name = found?.name ?? '';
    await asSuperuser(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await asSuperuser(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
    try {
      await fires('WeirDatabaseDown');
      await lasting(LONGEST_MS); // what else would fire, does by now
    } finally {
      await asSuperuser(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    }
    await eventually(critical, (names) => names.length === 0, { timeoutMs: 60_000, intervalMs: 250 });
    await lasting(A_WHILE_MS);
    expect(alarms.criticalHeard).toEqual(['WeirDatabaseDown']);
  });

  it('a spike of poison is told of by its reason, and is one critical alert once it has lasted', async () => {
    const ending = new AbortController();
    const poisoning = (async () => {
      for (; !ending.signal.aborted; await lasting(200)) await recovery.nonsense({ tenant: 'acme', count: 100 });
    })();
    try {
      await fires('KafkaDlqReceiving', { reason: 'frame', severity: 'warning' });
      await fires('KafkaHighErrorRatio');
      await lasting(A_WHILE_MS);
    } finally {
      ending.abort();
      await poisoning;
    }
    expect(alarms.criticalHeard).toEqual(['KafkaHighErrorRatio']);
  });

  it('a tenant who floods is named, and nothing is critical', async () => {
    const refused = load.answers(429);
    const flood = loadOf('flood', 20);
    try {
      await fires('WeirTenantNearLimit', { tenant: 'flood', limit: 'samples_per_second' });
      await lasting(A_WHILE_MS);
    } finally {
      await flood.stop();
    }
    expect(flood.answers(429)).toBeGreaterThan(0);
    expect(load.answers(429)).toBe(refused);
    expect(alarms.criticalHeard).toEqual([]);
  });
});
