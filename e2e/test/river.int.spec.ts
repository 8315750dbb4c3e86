import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, medianOf } from '@weir/testing';

import { System } from '../support/system.js';
import { post, type Workload } from '../support/workload.js';

/** 100,000 samples by default; set it to run the same for longer. */
const SAMPLES = Number(process.env['WEIR_E2E_SAMPLES'] ?? 100_000);
const TIMEOUT_MS = 60_000 + SAMPLES;

interface StoredSummary {
  readonly samples: number;
  readonly distinct_values: number;
  readonly sum: number;
  readonly misplaced: number;
}

describe('the whole system, as processes on real engines', () => {
  let system: System;

  beforeAll(async () => {
    system = await System.start();
  }, 120_000);

  afterAll(() => system?.stop(), 60_000);

  const ask = async (path: string): Promise<unknown> => {
    const response = await fetch(`${system.query.url}${path}`, { headers: { 'x-api-key': system.tenant.apiKey } });
    return response.json();
  };

  /** How long it takes from the POST of one sample until a query answers with it. */
  const freshnessMs = async (name: string): Promise<number> => {
    const timestamp = Date.now();
    const response = await fetch(`${system.ingest.url}/api/v1/metrics`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': system.tenant.apiKey },
      body: JSON.stringify({ name, value: 21.5, timestamp, labels: { room: 'kitchen' } }),
    });
    expect(response.status).toBe(202);
    const acceptedAt = performance.now();
    expect(await response.json()).toEqual({ accepted: 1 });

    const answer = await eventually(
      () => ask(`/api/v1/metrics?name=${name}`),
      (body) => (body as { points: unknown[] }).points?.length === 1,
      { intervalMs: 10 },
    );
    const tookMs = performance.now() - acceptedAt;
    expect(answer).toEqual({
      points: [{ timestamp, name, value: 21.5, labels: { room: 'kitchen' }, environment: null }],
      nextCursor: null,
    });
    return tookMs;
  };

  it('answers a query with a sample within a second of its POST', async () => {
    expect(await medianOf(5, (n) => freshnessMs(`room_temperature_${n}`))).toBeLessThan(1_000);
  });

  it(
    'stores every accepted sample exactly once, while metrics-consumer is restarted in the middle of it',
    async () => {
      const workload: Workload = {
        metric: 'soak',
        samples: SAMPLES,
        seriesCount: 1_000,
        startMs: Date.now() - Math.ceil(SAMPLES / 1_000) * 1_000,
      };
      const before = (await system.ledger()).partitions.reduce((sum, line) => sum + line.stored, 0);
      const startedMs = Date.now();
      let restarted: Promise<void> | undefined;
      const restart = async (): Promise<void> => {
        expect(await system.consumer.end('SIGTERM')).toBe(0);
        system.consumer.start();
      };
      const report = await post(workload, {
        url: system.ingest.url,
        apiKey: system.tenant.apiKey,
        clients: 4,
        batchSize: 500,
        onAccepted: (accepted) => {
          if (accepted >= SAMPLES / 2) restarted ??= restart();
        },
      });
      expect(report.accepted).toBe(SAMPLES);
      await restarted;
      await system.consumer.ready();

      const summary = (): Promise<StoredSummary[]> =>
        system.sql<StoredSummary>(
          `SELECT count(*)::int AS samples, count(DISTINCT value)::int AS distinct_values, coalesce(sum(value), 0) AS sum,
                  count(*) FILTER (WHERE value::bigint % $2 <> (labels->>'series')::int
                    OR ts <> to_timestamp(($3 + floor(value / $2) * 1000) / 1000.0))::int AS misplaced
           FROM metrics.samples JOIN metrics.series ON series.id = samples.series_id WHERE name = $1`,
          [workload.metric, workload.seriesCount, workload.startMs],
        );
      await eventually(summary, ([stored]) => (stored?.samples ?? 0) >= SAMPLES, {
        timeoutMs: TIMEOUT_MS,
        intervalMs: 250,
      });
      const seconds = (Date.now() - startedMs) / 1000;

      expect(await summary()).toEqual([
        { samples: SAMPLES, distinct_values: SAMPLES, sum: (SAMPLES * (SAMPLES - 1)) / 2, misplaced: 0 },
      ]);
      const ledger = await system.ledger();
      const stored = ledger.partitions.reduce((sum, line) => sum + line.stored, 0) - before;
      expect(ledger.balanced).toBe(true);
      expect(ledger.partitions.every((line) => line.dead_lettered === 0)).toBe(true);
      // A batch whose answer was 503 was sent again: those offsets count too, their samples do not.
      expect(stored).toBeGreaterThanOrEqual(SAMPLES);
      console.info(
        `${SAMPLES} samples: acknowledged in ${report.seconds.toFixed(1)} s, all stored after ${seconds.toFixed(1)} s ` +
          `(${Math.round(SAMPLES / seconds)}/s), ${report.requests} requests, ${report.retries} sent again`,
      );
    },
    TIMEOUT_MS * 2,
  );

  it('ends every app with exit code 0 on SIGTERM', async () => {
    expect(await system.stop()).toEqual([0, 0, 0]);
  });
});
