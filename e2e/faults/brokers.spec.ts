import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { EngineProcess, eventually } from '@weir/testing';

import { System } from '../support/system.js';
import { LONG } from './support/extent.js';
import type { Load } from './support/load.js';
import { floodWhile, LITTLE_MEMORY, NOTHING_BEYOND } from './support/memory.js';
import { accepted, expectPromiseKept, lasting, loadOn } from './support/scenario.js';

/** In the short form less time has to pass until a delivery has taken too long. */
const DELIVERY = LONG ? {} : { INGEST_DELIVERY_TIMEOUT: '4s' };
const LONGER_THAN_DELIVERY_MS = LONG ? 20_000 : 7_000;

/** Brokers come back in seconds, and on a machine that has much else to do in minutes. */
const PATIENCE_MS = 240_000;
const MOST_MS = 2 * PATIENCE_MS;

const brokers = ['kafka-1', 'kafka-2', 'kafka-3'].map((name) => new EngineProcess(name));
let system: System;
let load: Load;

beforeAll(async () => {
  system = await System.start({
    environment: (_, app) => (app === 'ingest-api' ? { ...LITTLE_MEMORY, ...DELIVERY } : {}),
  });
});
afterAll(() => system.stop());

beforeEach(async () => {
  load = loadOn(system);
  await accepted(load, 2_000);
});
afterEach(async () => {
  brokers.forEach((broker) => broker.thaw());
  await eventually(
    () => system.admin.ping(),
    ({ brokerCount }) => brokerCount === 3,
    { timeoutMs: PATIENCE_MS },
  );
});

describe('under load, on three brokers of which two have to agree', () => {
  it(
    'ingest goes on when one is killed',
    async () => {
      brokers[0]?.kill();
      await accepted(load, 5_000, PATIENCE_MS); // the partitions that it led have new leaders after some ten seconds
      await expectPromiseKept(system, load);
    },
    MOST_MS,
  );

  it(
    'ingest answers 503 and when to try again while two are killed, and goes on by itself when they are back',
    async () => {
      const refused = load.answers(503);
      brokers[1]?.kill();
      brokers[2]?.kill();
      await accepted(load, 10_000, PATIENCE_MS);
      expect(load.answers(503)).toBeGreaterThan(refused);
      await expectPromiseKept(system, load);
    },
    MOST_MS,
  );

  const STANDING_STILL = [
    ['a whole cluster', brokers] as const,
    ...(LONG ? [['one broker', brokers.slice(0, 1)] as const] : []),
  ];

  it.each(STANDING_STILL)(
    '%s that stands still costs time and nothing else, and no memory beyond the bound',
    async (_, frozen) => {
      const { flood, beyond } = await floodWhile(system, async () => {
        frozen.forEach((broker) => broker.freeze());
        await lasting(LONGER_THAN_DELIVERY_MS);
        frozen.forEach((broker) => broker.thaw());
      });
      expect(beyond).toEqual(NOTHING_BEYOND);
      await accepted(load, 2_000, 90_000);
      await system.consumer.ready();
      await expectPromiseKept(system, load);
      await expectPromiseKept(system, flood);
      expect(flood.answers(503)).toBeGreaterThan(0);
    },
  );
});
