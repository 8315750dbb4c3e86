import { describe, expect, it } from '@jest/globals';
import { packed } from '@weir/testing';
import { DEFAULT_LIMITS, type Tenant, type TenantLimits } from '@weir/avro';

import { ActiveSeries } from './active-series.js';
import { SampleRates } from './sample-rates.js';
import { type DefaultQuotas, TenantQuotas } from './tenant-quotas.js';

const READ_EVERY_MS = 4_000;
const NONE: DefaultQuotas = { samplesPerSecond: null, burst: null, maxActiveSeries: null };

function quotas(defaults: DefaultQuotas) {
  const clock = { now: 1_800_000_000_000 };
  const read = (): number => clock.now;
  const series = new ActiveSeries({ windowMs: 60_000, shared: null, clock: read });
  return { clock, quotas: new TenantQuotas(defaults, new SampleRates(null, read), series) };
}
function tenant(id: string, limits: Partial<TenantLimits> = {}): { readonly id: string; readonly record: Tenant } {
  const own = { ...DEFAULT_LIMITS, ...limits };
  return {
    id,
    record: { tenant_id: id, name: id, state: 'active', version: 1, limits: own, keys: [], updated_at: 0 },
  };
}
const keys = (count: number) => packed(Array.from({ length: count }, (_, n) => `series-${n}`));

describe('how much of its limits a tenant uses', () => {
  it('is told of each limit, its own before the one of the service', async () => {
    const { clock, quotas: held } = quotas({ samplesPerSecond: 100, burst: null, maxActiveSeries: 20 });
    const own = tenant('own', { samples_per_second: 50, max_active_series: 10 });
    const usual = tenant('usual');
    for (const each of [own, usual]) {
      await held.takeSamples(each, 100);
      expect(held.overSeriesLimit(each, keys(5))).toBeNull();
    }
    clock.now += READ_EVERY_MS;
    expect(held.usage()).toEqual([
      { tenantId: 'own', limit: 'samples_per_second', ratio: 0.5 },
      { tenantId: 'usual', limit: 'samples_per_second', ratio: 0.25 },
      { tenantId: 'own', limit: 'active_series', ratio: 0.5 },
      { tenantId: 'usual', limit: 'active_series', ratio: 0.25 },
    ]);
  });

  it('is never below 0, whatever is given back', async () => {
    const { clock, quotas: held } = quotas({ ...NONE, samplesPerSecond: 100 });
    const giveBack = await held.takeSamples(tenant('acme'), 100);
    clock.now += READ_EVERY_MS;
    expect(held.usage()).toEqual([{ tenantId: 'acme', limit: 'samples_per_second', ratio: 0.25 }]);
    giveBack(100);
    clock.now += READ_EVERY_MS;
    expect(held.usage()).toEqual([{ tenantId: 'acme', limit: 'samples_per_second', ratio: 0 }]);
  });

  it('is more than 1 where a limit was lowered below what is active', () => {
    const { quotas: held } = quotas(NONE);
    expect(held.overSeriesLimit(tenant('acme', { max_active_series: 10 }), keys(10))).toBeNull();
    expect(held.overSeriesLimit(tenant('acme', { max_active_series: 4 }), keys(10))).toBeNull();
    expect(held.usage()).toEqual([{ tenantId: 'acme', limit: 'active_series', ratio: 2.5 }]);
  });

  it('is not told of without a limit, nor of a limit of nothing, of which nobody uses a part', async () => {
    const { clock, quotas: held } = quotas(NONE);
    await held.takeSamples(tenant('free'), 100);
    expect(held.overSeriesLimit(tenant('free'), keys(5))).toBeNull();
    expect(held.overSeriesLimit(tenant('shut', { max_active_series: 0 }), keys(1))).toEqual([0]);
    clock.now += READ_EVERY_MS;
    expect(held.usage()).toEqual([]);
  });
});
