import { afterEach, describe, expect, it } from '@jest/globals';
import { EngineProcess, eventually } from '@weir/testing';

import { System } from '../support/system.js';
import { LONG } from './support/extent.js';
import { residentBytes } from './support/memory.js';
import { accepted, expectPromiseKept, lasting, loadOn } from './support/scenario.js';

const brokers = ['kafka-1', 'kafka-2', 'kafka-3'].map((name) => new EngineProcess(name));
let system: System;
afterEach(async () => {
  brokers.forEach((broker) => broker.thaw());
  await eventually(
    () => system.admin.ping(),
    ({ brokerCount }) => brokerCount === 3,
    { timeoutMs: 90_000 },
  );
  await system.stop();
});

const statusOf = async (url: string): Promise<number> => (await fetch(`${url}/health/ready`)).status;

describe('under load, on three brokers of which two have to agree', () => {
  it('ingest goes on when one is killed', async () => {
    system = await System.start();
    const load = loadOn(system);
    await accepted(load, 3_000);
    brokers[0]?.kill();
    await accepted(load, 5_000, 60_000); // the partitions that it led have new leaders after some ten seconds
    await expectPromiseKept(system, load);
  });

  it('ingest answers 503 when two are killed, and goes on by itself when they are back', async () => {
    system = await System.start();
    const load = loadOn(system);
    await accepted(load, 3_000);
    brokers[1]?.kill();
    brokers[2]?.kill();
    await accepted(load, 20_000, 120_000);
    const fates = await expectPromiseKept(system, load);
    expect(fates.count('unknown') + fates.count('refused')).toBeGreaterThan(0);
  });

  it('a cluster that stands still costs time and nothing else, and no memory beyond the bound', async () => {
    system = await System.start();
    const load = loadOn(system, { clients: 32 });
    await accepted(load, 5_000);
    const before = residentBytes(system.ingest);
    brokers.forEach((broker) => broker.freeze());
    await lasting(LONG ? 20_000 : 14_000); // longer than a delivery may take
    const during = residentBytes(system.ingest);
    brokers.forEach((broker) => broker.thaw());
    await accepted(load, 5_000, 90_000);
    await eventually(
      () => statusOf(system.consumer.url),
      (status) => status === 200,
      { timeoutMs: 60_000 },
    );
    await expectPromiseKept(system, load);
    expect(during - before).toBeLessThan(400_000_000);
  });
});
