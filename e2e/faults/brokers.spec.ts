import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { KafkaAdmin } from '@weir/kafka';
import { EngineProcess, eventually } from '@weir/testing';

import { kafkaConnection, System } from '../support/system.js';
import { LONG, TAKE_OVER } from './support/extent.js';
import type { Load } from './support/load.js';
import { floodWhile, LITTLE_MEMORY, NOTHING_BEYOND } from './support/memory.js';
import { accepted, expectPromiseKept, lasting, loadOn } from './support/scenario.js';

/** In the short form less time has to pass until a delivery has taken too long. */
const DELIVERY = LONG ? {} : { INGEST_DELIVERY_TIMEOUT: '4s' };
const LONGER_THAN_DELIVERY_MS = LONG ? 20_000 : 7_000;

/** Brokers come back in seconds, and on a machine that has much else to do in minutes. */
const PATIENCE_MS = 240_000;
/** Longer than a question has, and shorter than the minute for which librdkafka holds a broker that stands still to be there. */
const ADMIN_PATIENCE_MS = 40_000;
const MOST_MS = 2 * PATIENCE_MS;

const brokers = ['kafka-1', 'kafka-2', 'kafka-3'].map((name) => new EngineProcess(name));
let system: System;
let load: Load;

beforeAll(async () => {
  system = await System.start({
    environment: (_, app) => (app === 'ingest-api' ? { ...LITTLE_MEMORY, ...DELIVERY } : TAKE_OVER),
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

  // The one that a client was told is the controller is one of them.
  it(
    'what is accepted is stored also while one stands still',
    async () => {
      for (const broker of LONG ? brokers : brokers.slice(0, 1)) {
        const more = loadOn(system);
        await accepted(more, 2_000, PATIENCE_MS);
        broker.freeze();
        await accepted(more, 5_000, PATIENCE_MS);
        await load.stop();
        await expectPromiseKept(system, more);
        broker.thaw();
      }
      await expectPromiseKept(system, load);
    },
    3 * MOST_MS,
  );

  it('who asked one that stands still asks another as soon as the call is over', async () => {
    const [bootstrapServers = ''] = kafkaConnection().bootstrapServers.split(',');
    const admin = new KafkaAdmin({ ...kafkaConnection(), bootstrapServers });
    try {
      await admin.ping();
      brokers[0]?.freeze();
      const answer = await eventually(() => admin.ping(), Boolean, { timeoutMs: ADMIN_PATIENCE_MS });
      expect(answer.brokerCount).toBeGreaterThanOrEqual(brokers.length - 1);
    } finally {
      await admin.close();
    }
  });

  it('a cluster that stands still costs time and nothing else, and no memory beyond the bound', async () => {
    const { flood, beyond } = await floodWhile(system, async () => {
      brokers.forEach((broker) => broker.freeze());
      await lasting(LONGER_THAN_DELIVERY_MS);
      brokers.forEach((broker) => broker.thaw());
    });
    expect(beyond).toEqual(NOTHING_BEYOND);
    await accepted(load, 2_000, PATIENCE_MS);
    await system.consumer.ready();
    await expectPromiseKept(system, load);
    await expectPromiseKept(system, flood);
    expect(flood.answers(503)).toBeGreaterThan(0);
  });
});
