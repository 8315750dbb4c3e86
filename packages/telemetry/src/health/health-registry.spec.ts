import { describe, expect, it } from '@jest/globals';
import { SchemaRegistryUnavailableError } from '@weir/errors';

import { HealthRegistry, type HealthStatus } from './health-registry.js';

const registryWith = (checks: Readonly<Record<string, readonly [HealthStatus, boolean]>>) => {
  const registry = new HealthRegistry();
  for (const [name, [status, readiness]] of Object.entries(checks))
    registry.register({ name, readiness, check: () => ({ status }) });
  return registry;
};

const statusOf = async (checks: Parameters<typeof registryWith>[0]) => (await registryWith(checks).report()).status;

describe('HealthRegistry', () => {
  it('is as bad as its worst readiness check; what work does not need can only degrade it', async () => {
    expect(await statusOf({})).toBe('healthy');
    expect(await statusOf({ kafka: ['healthy', true], db: ['degraded', true] })).toBe('degraded');
    expect(await statusOf({ kafka: ['unhealthy', true], db: ['healthy', true] })).toBe('unhealthy');
    expect(await statusOf({ kafka: ['healthy', true], redis: ['unhealthy', false] })).toBe('degraded');
  });

  it('is ready while nothing that work needs is unhealthy, and says what is', async () => {
    expect(await registryWith({ a: ['degraded', true], b: ['unhealthy', false] }).readiness()).toMatchObject({
      ready: true,
      reasons: [],
    });
    expect(await registryWith({ a: ['unhealthy', true] }).readiness()).toMatchObject({ ready: false, reasons: ['a'] });
  });

  it('is not ready before the start is done, nor after the end began', async () => {
    const registry = registryWith({});
    registry.starting();
    expect((await registry.readiness()).reasons).toEqual(['starting']);
    registry.started();
    expect((await registry.readiness()).ready).toBe(true);
    registry.shuttingDown();
    registry.started();
    expect((await registry.readiness()).reasons).toEqual(['shutting_down']);
  });

  it('asks at most once a second, and once however many ask at the same time', async () => {
    let [now, runs] = [0, 0];
    const registry = new HealthRegistry(() => now);
    registry.register({ name: 'kafka', readiness: true, check: () => ({ status: 'healthy', run: ++runs }) });
    await Promise.all([registry.report(), registry.readiness(), registry.check('kafka')]);
    now = 999;
    expect(await registry.check('kafka')).toEqual({ status: 'healthy', run: 1 });
    now = 1_001;
    expect(await registry.check('kafka')).toEqual({ status: 'healthy', run: 2 });
  });

  it('answers for a check that does not, and does not pile up further tries of it', async () => {
    let [now, runs] = [0, 0];
    const registry = new HealthRegistry(() => now);
    const check = () => {
      runs += 1;
      return runs === 1 ? new Promise<never>(() => undefined) : ({ status: 'healthy' } as const);
    };
    registry.register({ name: 'db', readiness: true, timeoutMs: 20, check });
    expect(await registry.check('db')).toMatchObject({ status: 'unhealthy', code: 'timeout' });
    now = 5_000;
    expect(await registry.check('db')).toMatchObject({ status: 'unhealthy' });
    expect(runs).toBe(1);
    now = 40_000;
    expect(await registry.check('db')).toEqual({ status: 'healthy' });
  });

  it('takes a rejection as unhealthy, with its stable code', async () => {
    const registry = new HealthRegistry();
    registry.register({
      name: 'schema-registry',
      readiness: false,
      check: () => Promise.reject(new SchemaRegistryUnavailableError('connect ECONNREFUSED')),
    });
    expect(await registry.check('schema-registry')).toEqual({
      status: 'unhealthy',
      code: 'schema_registry_unavailable',
      error: 'connect ECONNREFUSED',
    });
    expect(await registry.check('moon')).toBeNull();
  });
});
