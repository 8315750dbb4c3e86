import { KafkaAdmin } from '@weir/kafka';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { engines, eventually, type FreshDatabase, freshDatabase, medianOf, uniqueName } from '@weir/testing';
import { tenants as tenantsTopic, resolveTopics } from '@weir/topics';

import { AppProcess, freePort } from '../support/process.js';
import { kafkaConnection } from '../support/system.js';
import { Operator, operatorKey } from '../support/operator.js';
import { tenantRecords } from '../support/tenant-records.js';

const TWO_SECONDS = 2_000;
const now = (): number => performance.now();

/** admin-service, ingest-api and query-api as processes. */
describe('admin-service, with the services that it tells', () => {
  let database: FreshDatabase;
  let topic: string;
  let usual: Readonly<Record<string, string>>;
  let operator: Operator;
  let running: AppProcess[];

  beforeEach(async () => {
    database = await freshDatabase('e2e');
    const prefix = `${uniqueName('e2e')}.`;
    topic = resolveTopics({ prefix }).name(tenantsTopic);
    usual = {
      HOST: '127.0.0.1',
      KAFKA_BOOTSTRAP_SERVERS: engines().kafka.bootstrapServers,
      KAFKA_TOPIC_PREFIX: prefix,
      KAFKA_CONSUMER_GROUP: uniqueName('e2e'),
      SCHEMA_REGISTRY_URL: engines().schemaRegistry.url,
      DATABASE_URL: database.url,
      ADMIN_BOOTSTRAP_KEY: operatorKey(),
    };
    running = [];
  });
  afterEach(async () => {
    await Promise.all(running.map((app) => app.end('SIGKILL')));
    await database.drop();
  });

  const started = async (name: string): Promise<AppProcess> => {
    const app = new AppProcess(name, await freePort(), usual);
    running.push(app);
    app.start();
    return app;
  };
  const startedAdmin = async (): Promise<AppProcess> => {
    const admin = await started('admin-service');
    operator = new Operator(admin.url, usual['ADMIN_BOOTSTRAP_KEY'] ?? '');
    await admin.ready();
    return admin;
  };

  it('has a revoked key refused by ingest-api and query-api within two seconds, and a new one taken', async () => {
    await startedAdmin();
    const [ingest, query] = await Promise.all([started('ingest-api'), started('query-api')]);
    await Promise.all([ingest.ready(), eventually(() => knows(query.url), Boolean, { timeoutMs: 60_000 })]);
    await operator.createTenant('acme');
    const revocationMs = async (): Promise<number> => {
      const { key, keyId } = await operator.issueKey('acme');
      await eventually(async () => (await verdicts(ingest.url, query.url, key)).every((status) => status !== 401));
      const revokedAt = now();
      await operator.revokeKey('acme', keyId);
      await eventually(
        () => verdicts(ingest.url, query.url, key),
        (statuses) => statuses.every((status) => status === 401),
        { intervalMs: 20 },
      );
      return now() - revokedAt;
    };
    expect(await medianOf(3, revocationMs)).toBeLessThan(TWO_SECONDS);
  }, 180_000);

  it('brings a deleted topic back whole, and ingest-api takes every key again', async () => {
    await startedAdmin();
    const ingest = await started('ingest-api');
    await ingest.ready();
    const keys: string[] = [];
    for (const tenant of ['acme', 'ajax']) {
      await operator.createTenant(tenant);
      keys.push((await operator.issueKey(tenant)).key);
    }
    const all = async (): Promise<number[]> => Promise.all(keys.map((key) => ingestVerdict(ingest.url, key)));
    await eventually(all, taken);
    const kafka = new KafkaAdmin(kafkaConnection());
    await kafka.deleteTopics([topic]);
    await kafka.close();
    await operator.call('POST', '/tenants/republish').catch(() => 'the topic is looked after all the same');
    const again = await started('ingest-api');
    await again.ready();
    const fresh = await Promise.all(keys.map((key) => ingestVerdict(again.url, key)));
    expect(fresh).toEqual([422, 422]);
    expect(await eventually(all, taken, { timeoutMs: 60_000 })).toEqual([422, 422]);
  }, 240_000);

  it('loses no change and keeps their order, killed again and again in the midst of 200', async () => {
    const admin = await startedAdmin();
    const tenants = ['a', 'b', 'c', 'd'];
    for (const tenant of tenants) await operator.createTenant(tenant);
    const accepted = new Map(tenants.map((tenant) => [tenant, new Map<number, string>()]));
    let changes = 0;
    const change = async (tenant: string, name: string): Promise<void> => {
      const answer = await operator.rename(tenant, name).catch(() => null); // killed: nobody knows
      if (answer !== null) accepted.get(tenant)?.set(answer.version, name);
      if (answer !== null) changes += 1;
    };
    const writing = Promise.all(
      tenants.map(async (tenant) => {
        for (let i = 0; (accepted.get(tenant)?.size ?? 0) < 50; i += 1) await change(tenant, `${tenant} ${i}`);
      }),
    );
    for (let kill = 1; kill <= 4; kill += 1) {
      await eventually(() => changes >= kill * 35, Boolean, { timeoutMs: 60_000, intervalMs: 5 });
      await admin.end('SIGKILL');
      admin.start();
      await admin.ready();
    }
    await writing;
    await eventually(() => operator.outboxIsEmpty(), Boolean, { timeoutMs: 60_000 });
    const records = await tenantRecords(topic);
    for (const tenant of tenants) {
      const told = records.filter((record) => record.tenant_id === tenant);
      const named = new Map(told.map(({ version, name }) => [version, name]));
      for (const [version, name] of accepted.get(tenant) ?? []) expect(named.get(version)).toBe(name);
      // A batch may come twice, whole; what comes for the first time is never older than what came before.
      const versions = told.map(({ version }) => version);
      const firsts = versions.filter((version, at) => versions.indexOf(version) === at);
      expect(firsts).toEqual(firsts.toSorted((a, b) => a - b));
      expect(versions.at(-1)).toBe(Math.max(...versions));
    }
  }, 300_000);
});

/** There is nothing in the body, and the key is good. */
const taken = (statuses: number[]): boolean => statuses.every((status) => status === 422);

async function knows(queryUrl: string): Promise<boolean> {
  const { checks } = (await (await fetch(`${queryUrl}/health`)).json()) as {
    checks: Readonly<Record<string, { readonly status: string }>>;
  };
  return checks['tenants']?.status === 'healthy';
}

async function ingestVerdict(url: string, key: string): Promise<number> {
  const headers = { 'x-api-key': key, 'content-type': 'application/json' };
  return (await fetch(`${url}/api/v1/metrics`, { method: 'POST', headers, body: '[]' })).status;
}

async function queryVerdict(url: string, key: string): Promise<number> {
  return (await fetch(`${url}/api/v1/metrics/names`, { headers: { 'x-api-key': key } })).status;
}

function verdicts(ingestUrl: string, queryUrl: string, key: string): Promise<number[]> {
  return Promise.all([ingestVerdict(ingestUrl, key), queryVerdict(queryUrl, key)]);
}
