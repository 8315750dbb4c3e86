import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { EngineProcess, engines, eventually, freshDatabase, uniqueName } from '@weir/testing';
import { CertificateAuthority } from '@weir/testing/kafka-access';
import type { AccessRule, AppName } from '@weir/topics';

import { AppProcess, freePort } from '../support/process.js';
import { type Environment, System } from '../support/system.js';
import { LONG } from './support/extent.js';
import { KafkaUser, type KafkaUserOptions, securedKafka } from './support/kafka-user.js';
import { accepted, expectPromiseKept, loadOn } from './support/scenario.js';
import { type Identity, TlsFront } from './support/tls-front.js';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const MENDED = { timeoutMs: 90_000, intervalMs: 250 };

interface Health {
  readonly status: string;
  readonly code?: string;
  readonly checks: Readonly<Record<string, { status: string; code?: string; consumers?: object }>>;
}

const healthOf = async ({ url }: AppProcess, path = ''): Promise<Health> =>
  (await fetch(`${url}/health${path}`)).json() as Promise<Health>;
const statusOf = async ({ url }: AppProcess, path: string): Promise<number> =>
  (await fetch(`${url}/health${path}`)).status;

/** One app, which may or may not get to its brokers. */
async function started(
  name: AppName,
  { changes = {}, ...options }: KafkaUserOptions & { changes?: Environment } = {},
): Promise<{ app: AppProcess; user: KafkaUser }> {
  const database = await freshDatabase('secured');
  const usual = {
    HOST: '127.0.0.1',
    LOG_LEVEL: 'info',
    KAFKA_TOPIC_PREFIX: `${uniqueName('secured')}.`,
    KAFKA_CONSUMER_GROUP: uniqueName('secured'),
    SCHEMA_REGISTRY_URL: engines().schemaRegistry.url,
    DATABASE_URL: database.url,
  };
  const user = await KafkaUser.of(name, usual, options);
  const app = new AppProcess(name, await freePort(), { ...usual, ...user.environment(changes) });
  app.start();
  ends.push(
    () => database.drop(),
    () => app.end(),
  );
  return { app, user };
}

/** How an app answers that says what is wrong, takes no work, and lives on. */
const REFUSED = { check: 503, ready: 503, live: 200, logged: true, samePid: true };

/** Waits until a check of the app tells the code. */
async function refusal(app: AppProcess, code: string, check = 'kafka'): Promise<typeof REFUSED> {
  const { pid } = app;
  await eventually(
    async () => JSON.stringify(await healthOf(app, `/${check}`)),
    (health) => health.includes(code),
    { timeoutMs: 60_000, intervalMs: 250 },
  );
  return {
    check: await statusOf(app, `/${check}`),
    ready: await statusOf(app, '/ready'),
    live: await statusOf(app, '/live'),
    logged: await eventually(() => readFileSync(app.logFile, 'utf8').includes(code)),
    samePid: app.pid === pid,
  };
}

/** What an app needs of Kafka works; ingest-api is not ready before somebody has published tenants. */
async function expectMended(app: AppProcess): Promise<void> {
  const { pid } = app;
  if (app.name === 'metrics-consumer')
    await eventually(
      () => statusOf(app, '/ready'),
      (status) => status === 200,
      MENDED,
    );
  const wanted =
    app.name === 'ingest-api' ? ['kafka', 'kafka-access', 'producer'] : ['kafka', 'kafka-access', 'consumer'];
  await eventually(
    async () => (await healthOf(app)).checks,
    (checks) => wanted.every((check) => checks[check]?.status === 'healthy'),
    MENDED,
  );
  expect(app.pid).toBe(pid);
}

describe('by SASL_SSL, with the rights that the registry of topics asks for and no others', () => {
  let system: System;
  const users = new Map<AppName, KafkaUser>();
  beforeAll(async () => {
    system = await System.start({
      environment: async (usual, app) => {
        const mechanism = app === 'ingest-api' ? 'SCRAM-SHA-256' : 'SCRAM-SHA-512';
        const user = await KafkaUser.of(app, usual, { mechanism });
        users.set(app, user);
        return user.environment();
      },
    });
  }, 120_000);
  afterAll(() => system.stop());

  it('a metric is taken, stored and found, with SCRAM-SHA-256 and SCRAM-SHA-512', async () => {
    const timestamp = Date.now();
    const response = await fetch(`${system.ingest.url}/api/v1/metrics`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': system.tenant.apiKey },
      body: JSON.stringify({ name: 'secured', value: 1, timestamp }),
    });
    expect(response.status).toBe(202);
    const answer = await eventually(
      async () => {
        const headers = { 'x-api-key': system.tenant.apiKey };
        return (await fetch(`${system.query.url}/api/v1/metrics?name=secured`, { headers })).json() as Promise<{
          points: { timestamp: number; value: number }[];
        }>;
      },
      ({ points }) => points.length === 1,
    );
    expect(answer.points[0]).toMatchObject({ timestamp, value: 1 });
  });

  it('commits that are refused are waited for, without a dead letter, and go on once they are allowed', async () => {
    const user = users.get('metrics-consumer');
    const groups = user?.needs.filter(
      ({ resource, operations }) => resource === 'group' && operations.includes('read'),
    );
    const load = loadOn(system);
    await accepted(load, 3_000);
    await user?.disallow(groups ?? []);
    await accepted(load, 3_000);
    expect(await refusal(system.consumer, 'kafka_authorization_failed', 'consumer')).toEqual(REFUSED);
    await user?.allow(groups);
    await eventually(
      () => statusOf(system.consumer, '/ready'),
      (status) => status === 200,
      MENDED,
    );
    await expectPromiseKept(system, load);
  });

  // What brokers.spec.ts shows by PLAINTEXT.
  (LONG ? it : it.skip)('nothing is lost when a broker is killed under load', async () => {
    const load = loadOn(system);
    await accepted(load, 3_000);
    new EngineProcess('kafka-1').kill();
    await accepted(load, 5_000, 120_000);
    await expectPromiseKept(system, load);
    await eventually(
      () => system.admin.ping(),
      ({ brokerCount }) => brokerCount === 3,
      { timeoutMs: 90_000 },
    );
  });
});

const forbids =
  (resource: AccessRule['resource'], ...operations: AccessRule['operations']) =>
  (rule: AccessRule): boolean =>
    rule.resource === resource && rule.operations.some((each) => operations.includes(each));

const RIGHTS = [
  ['ingest-api', 'write to its topic', forbids('topic', 'write'), 'producer'],
  ['metrics-consumer', 'join its group', forbids('group', 'read'), 'consumer'],
  ['metrics-consumer', 'read its topic', forbids('topic', 'read'), 'consumer'],
  ['ingest-api', 'make its topics', forbids('topic', 'create'), 'kafka'],
  ['metrics-consumer', 'see its topics', forbids('topic', 'describe', 'read', 'write', 'create'), 'kafka'],
] as const;
const CERTIFICATES = LONG ? ['of an unknown authority', 'expired', 'of another host'] : ['of an unknown authority'];

describe('an app that the brokers do not let in says why, waits, and goes on once that is mended:', () => {
  const PASSWORD = 'of-the-keystores';
  const HOSTS = ['ip:127.0.0.1', 'dns:localhost'];
  const identities = new Map<string, Identity>();
  let authorities: string;

  beforeAll(async () => {
    const directory = mkdtempSync(join(tmpdir(), 'weir-secured-'));
    const trusted = await CertificateAuthority.in(join(directory, 'trusted'), PASSWORD);
    authorities = join(directory, 'authorities.pem');
    const pem = [trusted.certificateFile, securedKafka().caLocation].map((file) => readFileSync(file, 'utf8'));
    writeFileSync(authorities, pem.join(''));
    const other = await CertificateAuthority.in(join(directory, 'other'), PASSWORD);
    const issue = async (
      from: CertificateAuthority,
      ...request: Parameters<CertificateAuthority['issue']>
    ): Promise<void> => {
      identities.set(request[0].name, { file: await from.issue(...request), password: PASSWORD });
    };
    await issue(trusted, { name: 'good', hosts: HOSTS });
    await issue(trusted, { name: 'expired', hosts: HOSTS, startsDaysAgo: 10, validDays: 5 });
    await issue(trusted, { name: 'of another host', hosts: ['dns:kafka.example'] });
    await issue(other, { name: 'of an unknown authority', hosts: HOSTS });
  }, 120_000);

  it('a wrong password', async () => {
    const changes = { KAFKA_SASL_PASSWORD: 'another' };
    const both = [await started('ingest-api', { changes }), await started('metrics-consumer', { changes })];
    for (const { app } of both) expect(await refusal(app, 'kafka_authentication_failed')).toEqual(REFUSED);
    await Promise.all(both.map(({ user }) => user.setPassword('another')));
    for (const { app } of both) await expectMended(app);
  });

  it.each(CERTIFICATES)('a certificate that is %s', async (which) => {
    const [bad, good] = [identities.get(which), identities.get('good')];
    if (bad === undefined || good === undefined) throw new Error(`there is no certificate ${which}`);
    const front = await TlsFront.with(bad);
    ends.push(() => front.close());
    const changes = { KAFKA_BOOTSTRAP_SERVERS: front.address, KAFKA_SSL_CA_LOCATION: authorities };
    const both = [await started('ingest-api', { changes }), await started('metrics-consumer', { changes })];
    for (const { app } of both) expect(await refusal(app, 'kafka_tls_failed')).toEqual(REFUSED);
    front.show(good);
    for (const { app } of both) await expectMended(app);
  });

  it.each(LONG ? RIGHTS : RIGHTS.slice(0, 2))('%s may not %s', async (name, _, except, check) => {
    const { app, user } = await started(name, { except });
    expect(await refusal(app, 'kafka_authorization_failed', check)).toEqual(REFUSED);
    await user.allow();
    await expectMended(app);
  });
});
