import { afterEach, describe, expect, it } from '@jest/globals';
import { EngineProcess, engines, eventually, TcpProxy } from '@weir/testing';

import { System } from '../support/system.js';
import { accepted, expectPromiseKept, loadOn } from './support/scenario.js';

const registry = new EngineProcess('schema-registry');
let proxy: TcpProxy | null = null;
let system: System;

afterEach(async () => {
  registry.thaw();
  await proxy?.resume();
  await system.stop();
  await proxy?.cut();
  proxy = null;
});

const subjects = async (): Promise<number> =>
  (await fetch(`${engines().schemaRegistry.url}/subjects`, { signal: AbortSignal.timeout(5_000) })).status;

describe('under load, with the registry away', () => {
  it('what knows its schemas goes on, and a consumer that does not waits and dead-letters nothing', async () => {
    const { url } = engines().schemaRegistry;
    proxy = await TcpProxy.before(url);
    const through = proxy.url(url);
    system = await System.start({ environment: () => ({ SCHEMA_REGISTRY_URL: through }) });
    const load = loadOn(system);
    await accepted(load, 2_000);
    await proxy.cut();
    await accepted(load, 2_000); // its schema id is known for ever
    await system.consumer.end('SIGKILL');
    system.consumer.start(); // this one knows no schema yet
    await accepted(load, 2_000);
    const ready = async (): Promise<number> => (await fetch(`${system.consumer.url}/health/ready`)).status;
    await eventually(ready, (status) => status === 503, { timeoutMs: 30_000 });
    await proxy.resume();
    await expectPromiseKept(system, load);
  });

  it('a registry that is killed, or answers nothing, costs nothing but time', async () => {
    system = await System.start();
    const load = loadOn(system);
    await accepted(load, 2_000);
    registry.kill();
    await system.consumer.end('SIGKILL');
    system.consumer.start();
    await accepted(load, 2_000);
    await eventually(subjects, (status) => status === 200, { timeoutMs: 90_000, intervalMs: 250 });
    registry.freeze();
    await system.consumer.end('SIGKILL');
    system.consumer.start();
    await accepted(load, 2_000);
    registry.thaw();
    await system.consumer.ready();
    await expectPromiseKept(system, load);
    expect(system.consumer.pid).toBeDefined();
  });
});
