import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { AppProcess } from '../support/process.js';
import { System } from '../support/system.js';
import type { PostedMetric } from '../support/workload.js';
import { LONG, TAKE_OVER } from './support/extent.js';
import type { Load } from './support/load.js';
import { metricOf } from './support/metrics.js';
import { accepted, expectPromiseKept, loadOn } from './support/scenario.js';
import { startSkewedIngest } from './support/skewed-ingest.js';
import { deadLetters } from './support/verify.js';

const DAY_MS = 86_400_000;
/** The ends of what the store holds: 1970 and 2262. */
const EARLIEST_MS = 0;
const LATEST_MS = 9_214_646_400_000;

let system: System;
const others: AppProcess[] = [];

beforeAll(async () => {
  system = await System.start({ environment: () => TAKE_OVER });
});
afterAll(async () => {
  await Promise.all(others.map((app) => app.end()));
  await system.stop();
});

async function skewed(...byMs: readonly number[]): Promise<string[]> {
  const started = await Promise.all(byMs.map((ms) => startSkewedIngest(system, ms)));
  others.push(...started);
  return started.map(({ url }) => url);
}

/** Another value at first, and the right one after that was accepted. */
const correctedLater = (sample: PostedMetric, n: number, copy: number): PostedMetric =>
  copy === 0 ? { ...sample, value: -1 - n } : sample;

describe('under load, from clients and clocks that go wrong, while the consumer is killed', () => {
  let thrice: Load;
  let corrected: Load;
  let acrossClocks: Load[];

  // All at once, since it takes the group most of a minute to see that a member was killed.
  beforeAll(async () => {
    const [ahead = '', behind = ''] = await skewed(12 * DAY_MS, -12 * DAY_MS);
    thrice = loadOn(system, { copies: 3 });
    corrected = loadOn(system, { shuffled: true, copies: 2, shape: correctedLater });
    const urls = [
      [ahead, behind],
      [behind, ahead],
      [ahead, system.ingest.url],
    ];
    // Fifteen days ago is within the window of each of them.
    const common = { copies: 2, clients: 2, shape: correctedLater, startMs: Date.now() - 15 * DAY_MS };
    acrossClocks = urls.map((url) => loadOn(system, { ...common, url }));
    const loads = [thrice, corrected, ...acrossClocks];
    for (let time = 0; time < (LONG ? 5 : 1); time += 1) {
      await Promise.all(loads.map((load) => accepted(load, 2_000)));
      await system.consumer.end('SIGKILL');
      system.consumer.start();
    }
    await Promise.all(loads.map((load) => accepted(load, 2_000)));
    await Promise.all(loads.map((load) => load.stop()));
  });

  it('each series and time is stored once when every batch is posted three times', async () => {
    await expectPromiseKept(system, thrice);
    const counts = await system.sql<{ copies: number }>(
      'SELECT max(n)::int AS copies FROM (SELECT count(*) AS n FROM metrics.samples GROUP BY series_id, ts) AS per_key',
    );
    expect(counts).toEqual([{ copies: 1 }]);
  });

  it('samples that come in no order of time are stored each at its own, and what is corrected later stands', async () => {
    const fates = await expectPromiseKept(system, corrected);
    expect(fates.count('unknown')).toBe(0); // so each correction was accepted
  });

  it('ingest-apis whose clocks are weeks apart store as one: what was accepted later stands, whatever they say', async () => {
    for (const load of acrossClocks) {
      const fates = await expectPromiseKept(system, load);
      expect(fates.count('unknown')).toBe(0);
    }
    // Of a record from the one that is behind the consumer thinks that it took twelve days: so the clocks were in the records.
    expect(await metricOf(system.consumer, 'weir_freshness_seconds_sum')).toBeGreaterThan(
      (1_000 * 12 * DAY_MS) / 1_000,
    );
  });
});

describe('under load, at the ends of time', () => {
  it('samples are stored where they belong, and past the ends they are dead letters', async () => {
    const [early = '', late = ''] = await skewed(EARLIEST_MS - Date.now(), LATEST_MS - Date.now());
    const loads = [
      loadOn(system, { url: early, startMs: EARLIEST_MS }),
      loadOn(system, { url: late, startMs: LATEST_MS - 3_600_000 }),
    ];
    await Promise.all(loads.map((load) => accepted(load, 2_000)));
    expect(await post(late, LATEST_MS)).toBe(202);
    expect(await post(late, LATEST_MS + 1)).toBe(202); // its clock allows ten minutes more
    await Promise.all(loads.map((load) => load.stop()));
    for (const load of loads) await expectPromiseKept(system, load, { deadLetters: 1 });
    const [letter] = await deadLetters(system);
    expect(letter?.envelope.dlq_metadata.reason).toBe('timestamp');
    expect(await found(LATEST_MS)).toEqual([LATEST_MS]);
  });
});

const NAME = 'at_the_end_of_time';

async function post(url: string, timestamp: number): Promise<number> {
  const response = await fetch(`${url}/api/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': system.tenant.apiKey },
    body: JSON.stringify({ name: NAME, value: 1, timestamp }),
  });
  return response.status;
}

/** The times that query-api finds from a time on. */
async function found(from: number): Promise<number[]> {
  const headers = { 'x-api-key': system.tenant.apiKey };
  const response = await fetch(`${system.query.url}/api/v1/metrics?name=${NAME}&from=${from}&to=${from + 1_000}`, {
    headers,
  });
  const { points } = (await response.json()) as { points: { timestamp: number }[] };
  return points.map(({ timestamp }) => timestamp);
}
