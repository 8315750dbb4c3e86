import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Aggregation } from '@weir/metrics-store';

import { QueryApp } from './support/query-app.js';

const MINUTE_MS = 60_000;
const START = Date.UTC(2026, 10, 19, 23, 30); // so that both sides of midnight, and so of a partition, are in it
const END = START + 60 * MINUTE_MS;

interface Sent {
  readonly timestampMs: number;
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** Park and Miller's generator: every run computes with the same numbers. */
function randomNumbers(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** Values are multiples of an eighth, so that sums of them are exact in whatever order they are added up. */
function samples(count: number): Sent[] {
  const random = randomNumbers();
  return Array.from({ length: count }, (_, i) => ({
    timestampMs: START + i * 1_777 + Math.floor(random() * 1_000), // no two at once, and holes of no kind
    value: Math.round((random() - 0.4) * 80_000) / 8,
    labels: { host: `h${Math.floor(random() * 5)}`, ...(random() < 0.7 ? { zone: random() < 0.5 ? 'x' : 'y' } : {}) },
  }));
}

const sorted = (values: readonly Sent[]): number[] => values.map(({ value }) => value).toSorted((a, b) => a - b);
const sum = (values: readonly Sent[]): number => values.reduce((total, { value }) => total + value, 0);

/** Linear between the two nearest ranks, as SQL's percentile_cont. */
const quantile = (fraction: number) => (values: readonly Sent[]) => {
  const ranked = sorted(values);
  const rank = fraction * (ranked.length - 1);
  const [low = 0, high = 0] = [ranked[Math.floor(rank)], ranked[Math.ceil(rank)]];
  return low + (rank - Math.floor(rank)) * (high - low);
};

const COMPUTED: Record<Aggregation, (values: readonly Sent[]) => number> = {
  sum,
  count: (values) => values.length,
  avg: (values) => sum(values) / values.length,
  min: (values) => Math.min(...sorted(values)),
  max: (values) => Math.max(...sorted(values)),
  last: (values) => values.toSorted((a, b) => b.timestampMs - a.timestampMs)[0]?.value ?? NaN,
  p50: quantile(0.5),
  p95: quantile(0.95),
  p99: quantile(0.99),
};

interface Group {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly (readonly [number, number])[];
}

/** What the API should answer, worked out from what was sent. */
function expected(sent: readonly Sent[], stepMs: number, agg: Aggregation, by: readonly string[]): Group[] {
  const groups = new Map<string, { labels: Record<string, string>; buckets: Map<number, Sent[]> }>();
  for (const sample of sent) {
    const labels = Object.fromEntries(
      by.flatMap((label) => (label in sample.labels ? [[label, sample.labels[label] ?? '']] : [])),
    );
    const key = JSON.stringify(by.map((label) => labels[label] ?? null));
    const group = groups.get(key) ?? { labels, buckets: new Map<number, Sent[]>() };
    groups.set(key, group);
    const bucket = Math.floor(sample.timestampMs / stepMs) * stepMs;
    group.buckets.set(bucket, [...(group.buckets.get(bucket) ?? []), sample]);
  }
  return [...groups]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { labels, buckets }]) => ({
      labels,
      points: [...buckets].toSorted(([a], [b]) => a - b).map(([at, values]) => [at, COMPUTED[agg](values)] as const),
    }));
}

describe('GET /api/v1/metrics/query', () => {
  const sent = samples(1_500);
  let query: QueryApp;

  beforeAll(async () => {
    query = await QueryApp.start();
    const own = query.tenant.tenant_id;
    await query.stored.write(
      own,
      sent.map((sample) => ({ name: 'latency', ...sample })),
    );
    await query.stored.write(query.other.tenant_id, [{ name: 'latency', timestampMs: START + 1, value: 1e9 }]);
    await query.stored.write(own, [{ name: 'other', timestampMs: START + 1, value: 1e9 }]);
  });
  afterAll(() => query.close());

  const RANGE = { name: 'latency', from: START, to: END };

  it.each(Object.keys(COMPUTED) as Aggregation[])(
    '%s is right to the digit for every step and grouping',
    async (agg) => {
      const steps = [
        ['7s', 7_000],
        ['1m', MINUTE_MS],
        ['45m', 45 * MINUTE_MS],
        ['1d', 1_440 * MINUTE_MS],
      ] as const;
      const inRange = sent.filter(({ timestampMs }) => timestampMs < END);
      for (const [step, stepMs] of steps)
        for (const by of [[], ['zone'], ['zone', 'host'], ['rack']]) {
          const answer = await query.ask('/query', {
            ...RANGE,
            step,
            agg,
            ...(by.length === 0 ? {} : { by: by.join(',') }),
          });
          expect(answer).toMatchObject({ status: 200 });
          expect(answer.body).toEqual({ step: stepMs, agg, series: expected(inRange, stepMs, agg, by) });
        }
    },
  );

  it('takes in exactly what lies in the range, also where a bucket reaches over its ends', async () => {
    const [from, to] = [START + 90_001, START + 20 * MINUTE_MS + 1];
    const inRange = sent.filter(({ timestampMs }) => timestampMs >= from && timestampMs < to);
    for (const agg of ['count', 'sum', 'last', 'p95'] as const) {
      const { body } = await query.ask('/query', { ...RANGE, from, to, step: '5m', agg });
      expect(body).toEqual({ step: 5 * MINUTE_MS, agg, series: expected(inRange, 5 * MINUTE_MS, agg, []) });
    }
  });

  it('takes in only the series that the filters let pass', async () => {
    const inRange = sent.filter(({ timestampMs, labels }) => timestampMs < END && labels['zone'] === 'x');
    const filtered = { ...RANGE, 'label.zone': 'x', step: '1m', agg: 'sum' };
    const { body } = await query.ask('/query', filtered);
    expect(body).toEqual({ step: MINUTE_MS, agg: 'sum', series: expected(inRange, MINUTE_MS, 'sum', []) });
    expect((await query.ask('/query', { ...filtered, environment: 'prod' })).body).toMatchObject({ series: [] });
  });

  it.each<[string, Record<string, string | number>]>([
    ['an unknown name', { name: 'none' }],
    ['a range without samples', { from: 1, to: 2 }],
    ['a label value that no series has', { 'label.host': 'h9' }],
  ])('answers no series, and no error, to %s', async (_, asked) => {
    const answer = await query.ask('/query', { ...RANGE, step: '1m', agg: 'avg', ...asked });
    expect(answer).toMatchObject({ status: 200, body: { step: MINUTE_MS, agg: 'avg', series: [] } });
  });

  it('answers with decimals as doubles have them', async () => {
    const values = [0.1, 0.2, 0.3, -0.4, 1e-9, 12345.678];
    await query.stored.write(
      query.tenant.tenant_id,
      values.map((value, i) => ({ name: 'decimals', timestampMs: START + i, value })),
    );
    const ask = async (agg: string): Promise<number> => {
      const { body } = await query.ask('/query', { ...RANGE, name: 'decimals', step: '1h', agg });
      return (body as { series: Group[] }).series[0]?.points[0]?.[1] ?? NaN;
    };
    expect([await ask('min'), await ask('max'), await ask('last')]).toEqual([-0.4, 12345.678, 12345.678]);
    expect(await ask('sum')).toBeCloseTo(12345.878000001, 10);
    expect(await ask('avg')).toBeCloseTo(12345.878000001 / 6, 10);
  });
});
