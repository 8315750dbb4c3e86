import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { EngineProcess, engines, eventually, registryFaults, RegistryProxy } from '@weir/testing';

import type { AppProcess } from '../support/process.js';
import { System } from '../support/system.js';
import { LONG } from './support/extent.js';
import type { Load } from './support/load.js';
import { metricOf } from './support/metrics.js';
import { putRaw, withUnknownSchemas } from './support/raw-records.js';
import { accepted, expectPromiseKept, lasting, loadOn } from './support/scenario.js';
import { deadLetters } from './support/verify.js';

const { answering, silent, wiped } = registryFaults;
const registry = new EngineProcess('schema-registry');
const { url } = engines().schemaRegistry;
const proxy = new RegistryProxy(url);
const error = answering(500, '{"message":"boom","error_code":50001}');
let system: System;
let load: Load;

beforeAll(async () => {
  await proxy.start();
  const environment = { SCHEMA_REGISTRY_URL: proxy.url, ...(LONG ? {} : { RETRY_MAX_DELAY: '1s' }) };
  system = await System.start({ environment: () => environment });
});
afterAll(async () => {
  await system.stop();
  await proxy.stop();
});

beforeEach(async () => {
  load = loadOn(system);
  await accepted(load, 1_000);
});
afterEach(async () => {
  await proxy.start();
  registry.thaw();
  proxy.fault = undefined;
  proxy.latencyMs = 0;
});

const registryAnswers = (): Promise<boolean> =>
  eventually(async () => (await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(5_000) })).ok, Boolean, {
    timeoutMs: 90_000,
    intervalMs: 250,
  });

const isAlive = ({ url: app }: AppProcess): Promise<boolean> =>
  eventually(async () => (await fetch(`${app}/health/live`)).ok, Boolean, { timeoutMs: 60_000 });

const statusOf = async (path: string): Promise<number> => (await fetch(`${system.consumer.url}${path}`)).status;

/** Another metrics-consumer in its place, which knows no schema yet; the one before leaves its group, so that nobody has to wait for that. */
async function startAnew(): Promise<void> {
  expect(await system.consumer.end()).toBe(0);
  system.consumer.start();
}

const waits = (): Promise<number> =>
  metricOf(system.consumer, 'weir_consumer_batch_retries_total', { code: 'schema_registry_unavailable' });

/** Its batches wait for the registry; it says so, is alive, dead-letters nothing, and what clients send is accepted meanwhile. */
async function expectWaits({ tries = 2 } = {}): Promise<void> {
  const before = await eventually(waits, () => true, { timeoutMs: 60_000 });
  await eventually(waits, (now) => now >= before + tries, { timeoutMs: 90_000 });
  await eventually(
    () => statusOf('/health/ready'),
    (status) => status === 503,
    { timeoutMs: 60_000 },
  );
  expect(await statusOf('/health/live')).toBe(200);
  await accepted(load, 1_000);
}

describe('under load, with the registry away', () => {
  it('what knows its schemas goes on as if nothing were', async () => {
    await proxy.stop();
    await accepted(load, 1_000);
    await expectPromiseKept(system, load);
    await proxy.start();
  });

  it('a consumer that knows no schema waits while it is cut off, answers 500 or stands still, and stores all of it in the end', async () => {
    await proxy.stop();
    await startAnew();
    await expectWaits();
    proxy.fault = () => error;
    await proxy.start();
    await expectWaits();
    registry.freeze();
    proxy.fault = undefined;
    await expectWaits({ tries: 1 });
    registry.thaw();
    await expectPromiseKept(system, load);
  });

  it('apps that are started without it are alive, take nothing yet, and begin by themselves once it is there', async () => {
    await proxy.stop();
    await system.ingest.end('SIGKILL');
    await startAnew();
    system.ingest.start();
    await Promise.all([system.ingest, system.consumer].map(isAlive));
    const refused = load.answers(503);
    await eventually(
      () => load.answers(503) - refused,
      (count) => count > 10,
      { timeoutMs: 60_000 },
    );
    expect(await statusOf('/health/live')).toBe(200);
    await proxy.start();
    await accepted(load, 1_000);
    await expectPromiseKept(system, load);
  });

  it('one that is killed while a consumer is about to ask it costs nothing but time', async () => {
    await startAnew();
    registry.kill();
    await accepted(load, 1_000);
    await registryAnswers();
    await expectPromiseKept(system, load);
  });
});

describe('under load, with a registry that answers wrongly or late', () => {
  it('answers that take seconds are waited for, and all is stored meanwhile', async () => {
    proxy.latencyMs = LONG ? 4_000 : 2_000;
    proxy.requests.length = 0;
    await startAnew();
    await accepted(load, 1_000);
    if (LONG) await lasting(30_000);
    await expectPromiseKept(system, load);
    expect(proxy.requests.some((request) => request.startsWith('GET /schemas/ids/'))).toBe(true);
  });

  it('only records of an unknown schema are dead letters, and only once the registry says so while it has Weir’s own', async () => {
    const unknown = withUnknownSchemas(100);
    const before = (await deadLetters(system)).length;
    expect(before).toBe(0);

    proxy.fault = () => error; // a consumer that knows Weir's schemas, and cannot ask for others
    await putRaw(system, unknown);
    await expectWaits();
    proxy.fault = () => wiped; // now it says "no such id", of Weir's own too
    await expectWaits();
    await startAnew(); // nor does one believe it that knows no schema
    await expectWaits();
    proxy.fault = () => silent;
    await expectWaits({ tries: 1 });
    expect(await deadLetters(system)).toEqual([]);

    proxy.fault = undefined;
    await expectPromiseKept(system, load, { deadLetters: unknown.length });
    const letters = await deadLetters(system);
    expect(new Set(letters.map(({ envelope }) => envelope.dlq_metadata.reason))).toEqual(new Set(['unknown_schema']));
    expect(new Set(letters.map(({ envelope }) => envelope.source.raw_value_hex))).toEqual(
      new Set(unknown.map((value) => value.toString('hex'))),
    );
  });
});
