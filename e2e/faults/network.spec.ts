import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { engines, TcpProxy } from '@weir/testing';

import { System } from '../support/system.js';
import { LONG, TAKE_OVER } from './support/extent.js';
import type { Load } from './support/load.js';
import { floodWhile, LITTLE_MEMORY, NOTHING_BEYOND } from './support/memory.js';
import { accepted, expectPromiseKept, lasting, loadOn } from './support/scenario.js';

/** In the short form less time has to pass until a delivery has taken too long. */
const DELIVERY = LONG ? {} : { INGEST_DELIVERY_TIMEOUT: '4s' };
const BAD_FOR_MS = LONG ? 60_000 : 8_000;
const CUT_FOR_MS = LONG ? 20_000 : 7_000; // longer than a delivery may take

let proxies: TcpProxy[] = [];
let system: System;
let load: Load;

beforeAll(async () => {
  proxies = await TcpProxy.beforeBrokers(engines().kafka.bootstrapServers);
  const KAFKA_BOOTSTRAP_SERVERS = proxies.map(({ address }) => address).join(',');
  system = await System.start({
    environment: (_, app) => ({
      KAFKA_BOOTSTRAP_SERVERS,
      ...(app === 'ingest-api' ? { ...LITTLE_MEMORY, ...DELIVERY } : TAKE_OVER),
    }),
  });
});
afterAll(async () => {
  await system.stop();
  await Promise.all(proxies.map((proxy) => proxy.cut()));
});

beforeEach(async () => {
  load = loadOn(system);
  await accepted(load, 2_000);
});
afterEach(async () => {
  await Promise.all(proxies.map((proxy) => proxy.resume())); // so that the apps can say goodbye
  proxies.forEach((proxy) => proxy.degrade({}));
});

describe('under load, on a bad network between the apps and Kafka, no memory is taken beyond the bound, and', () => {
  it('nothing is lost or doubled where data comes late and connections break', async () => {
    const { flood, beyond } = await floodWhile(system, async () => {
      proxies.forEach((proxy) => proxy.degrade({ latencyMs: 20, resets: 0.01 }));
      await lasting(BAD_FOR_MS);
      proxies.forEach((proxy) => proxy.degrade({}));
    });
    expect(beyond).toEqual(NOTHING_BEYOND);
    await accepted(load, 2_000, 90_000);
    await expectPromiseKept(system, load);
    await expectPromiseKept(system, flood);
  });

  it('nothing is lost or doubled where the network is cut, and work goes on by itself when it is back', async () => {
    const { flood, beyond } = await floodWhile(system, async () => {
      await Promise.all(proxies.map((proxy) => proxy.cut()));
      await lasting(CUT_FOR_MS);
      await Promise.all(proxies.map((proxy) => proxy.resume()));
    });
    expect(beyond).toEqual(NOTHING_BEYOND);
    await accepted(load, 2_000, 90_000);
    await expectPromiseKept(system, load);
    await expectPromiseKept(system, flood);
    expect(flood.answers(503)).toBeGreaterThan(0);
  });
});
