import { afterEach, describe, expect, it } from '@jest/globals';
import { engines, TcpProxy } from '@weir/testing';

import { System } from '../support/system.js';
import { accepted, expectPromiseKept, lasting, loadOn } from './support/scenario.js';

let proxies: TcpProxy[] = [];
let system: System;

afterEach(async () => {
  await Promise.all(proxies.map((proxy) => proxy.resume())); // so that the apps can say goodbye
  proxies.forEach((proxy) => proxy.degrade({}));
  await system.stop();
  await Promise.all(proxies.map((proxy) => proxy.cut()));
});

async function startBehindProxies(): Promise<void> {
  proxies = await TcpProxy.beforeBrokers(engines().kafka.bootstrapServers);
  const bootstrapServers = proxies.map(({ address }) => address).join(',');
  system = await System.start({ environment: () => ({ KAFKA_BOOTSTRAP_SERVERS: bootstrapServers }) });
}

describe('under load, on a bad network between the apps and Kafka', () => {
  it('nothing is lost or doubled where data comes late and connections break', async () => {
    await startBehindProxies();
    const load = loadOn(system);
    await accepted(load, 2_000);
    proxies.forEach((proxy) => proxy.degrade({ latencyMs: 20, resets: 0.01 }));
    await lasting(15_000);
    proxies.forEach((proxy) => proxy.degrade({}));
    await accepted(load, 2_000, 90_000);
    await expectPromiseKept(system, load);
  });

  it('nothing is lost or doubled where the network is cut, and work goes on by itself when it is back', async () => {
    await startBehindProxies();
    const load = loadOn(system);
    await accepted(load, 2_000);
    await Promise.all(proxies.map((proxy) => proxy.cut()));
    await lasting(12_000); // longer than a delivery may take
    await Promise.all(proxies.map((proxy) => proxy.resume()));
    await accepted(load, 2_000, 90_000);
    const fates = await expectPromiseKept(system, load);
    expect(fates.count('unknown') + fates.count('refused')).toBeGreaterThan(0);
  });
});
