import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { REPLAY_ID_HEADER } from '@weir/kafka';
import { eventually } from '@weir/testing';

import { Recovery } from '../support/recovery.js';

/** How many dead letters there are in all; the whole story has 40,000. */
const LETTERS = Number(process.env['WEIR_E2E_LETTERS'] ?? 3_000);
const REFUSED = Math.ceil(LETTERS / 20);
// What part of its rate a replay may have. A few seconds' worth is slower on a machine that is busy elsewhere.
const [LEAST, MOST] = LETTERS >= 40_000 ? [0.9, 1.1] : [0.3, 1.25];
const NONSENSE = 3;
const LATE = LETTERS - REFUSED - NONSENSE;
/** As fast as replays usually are, in the whole story. */
const RATE = Math.min(500, Math.max(200, LETTERS / 40));
const TIMEOUT_MS = 600_000;

type Json = Record<string, unknown>;

interface Replay {
  readonly id: string;
  readonly state: string;
  readonly why: string | null;
  readonly counts: Readonly<Record<string, number>>;
}

describe('from a spike of dead letters to all of it recovered', () => {
  let recovery: Recovery;
  beforeEach(async () => {
    recovery = await Recovery.start();
  }, TIMEOUT_MS);
  afterEach(() => recovery.stop(), TIMEOUT_MS);

  const call = (method: string, path: string, body?: object): Promise<Json> =>
    recovery.operator.call(method, path, body);
  const begun = async (filter: object, options: object): Promise<string> => {
    const { hash } = await call('POST', '/dlq/replays/plan', { filter });
    const { id } = await call('POST', '/dlq/replays', { hash, ...options });
    return String(id);
  };
  const until = async (id: string, enough: (replay: Replay) => boolean): Promise<Replay> =>
    eventually(async () => (await call('GET', `/dlq/replays/${id}`)) as unknown as Replay, enough, {
      timeoutMs: TIMEOUT_MS / 2,
    });
  const ended = (id: string): Promise<Replay> => until(id, ({ state }) => state === 'completed');
  const countsBy = async (filter: string): Promise<Json[]> => {
    const { items } = await call('GET', `/dlq/groups?${filter}`);
    return (items as { reason: string; counts: Json }[]).map(({ reason, counts }) => ({ reason, ...counts }));
  };

  /** Each record of a replay is in the source topic once. */
  const expectOnceEach = async (id: string, records: number): Promise<void> => {
    const raw = await recovery.all('raw');
    const replayed = raw.filter(({ headers }) =>
      headers.some(({ key, value }) => key === REPLAY_ID_HEADER && String(value) === id),
    );
    const origins = replayed.map(({ headers }) => String(headers.findLast(({ key }) => key === 'weir-origin')?.value));
    expect([origins.length, new Set(origins).size]).toEqual([records, records]);
  };

  it(
    'tells what failed and why, stops a canary by itself while the cause is there, and replays all of it after the fix',
    async () => {
      await recovery.limitValues(true);
      await recovery.lateSchema({ tenant: 'acme', count: LATE });
      await recovery.tooLarge({ tenant: 'ajax', count: REFUSED });
      await recovery.nonsense({ tenant: 'acme', count: NONSENSE });
      await eventually(
        async () => (await recovery.all('dlq')).length,
        (letters) => letters >= LETTERS,
        { timeoutMs: TIMEOUT_MS / 3, intervalMs: 1_000 },
      );
      await recovery.indexed(LETTERS, 30_000);
      expect(await countsBy('tenant=acme&reason=unknown_schema')).toEqual([{ reason: 'unknown_schema', open: LATE }]);
      expect(await countsBy('tenant=ajax')).toEqual([{ reason: 'database', open: REFUSED }]);
      expect(await countsBy('reason=frame')).toEqual([{ reason: 'frame', open: NONSENSE }]);

      // The cause is still there.
      const tried = await begun(
        { tenant: 'acme', reason: 'unknown_schema' },
        { canary: { records: 20, maxFailed: 0.1 }, rate: RATE },
      );
      const stopped = await until(tried, ({ state }) => state === 'paused');
      expect(stopped).toMatchObject({ why: 'canary_failed', counts: { failed_again: 20, waiting: LATE - 20 } });
      await call('POST', `/dlq/replays/${tried}/cancel`);
      await until(tried, ({ state }) => state === 'cancelled');

      // The fix, and the time that an answer of the registry is believed for.
      recovery.schemaIsKnown(true);
      await recovery.limitValues(false);
      await eventually(
        async () => {
          const before = await recovery.settled();
          await recovery.lateSchema({ tenant: 'probe', count: 1 });
          const after = await eventually(
            () => recovery.settled(),
            ({ stored, deadLettered }) => stored + deadLettered > before.stored + before.deadLettered,
          );
          return after.stored > before.stored;
        },
        Boolean,
        { timeoutMs: 120_000, intervalMs: 3_000 },
      );
      await recovery.indexed(LETTERS + 20);

      const all = await begun(
        { tenant: 'acme', reason: 'unknown_schema' },
        { rate: RATE, canary: { records: 20, maxFailed: 0 } },
      );
      await until(all, ({ counts }) => (counts['waiting'] ?? 0) < LATE - 20);
      const beganAt = performance.now();
      await until(all, ({ counts }) => counts['waiting'] === undefined);
      const rate = (LATE - 20) / ((performance.now() - beganAt) / 1_000);
      const refused = await begun({ tenant: 'ajax' }, { rate: RATE });
      expect((await ended(all)).counts).toEqual({ applied: LATE });
      expect((await ended(refused)).counts).toEqual({ applied: REFUSED });
      expect(rate / RATE).toBeLessThan(MOST);
      expect(rate / RATE).toBeGreaterThan(LEAST);
      await expectOnceEach(all, LATE);
      await expectOnceEach(refused, REFUSED);

      const { items } = await call('GET', '/dlq/messages?reason=frame');
      for (const { id } of items as { id: string }[])
        await call('POST', `/dlq/messages/${id}/discard`, { reason: 'an exporter that is switched off' });
      expect(await countsBy('tenant=acme&reason=unknown_schema')).toEqual([
        { reason: 'unknown_schema', recovered: LATE },
      ]);
      expect(await countsBy('reason=frame')).toEqual([{ reason: 'frame', discarded: NONSENSE }]);
      const { samples, distinct } = await recovery.samples();
      expect(samples).toBe(distinct);
      expect(samples).toBeGreaterThanOrEqual(LATE + REFUSED);
      expect(await recovery.ledger()).toMatchObject({ balanced: true });
      for (const action of ['replays.plan', 'replays.begin', 'replays.cancel', 'dlq.discard']) {
        const { items: told } = await call('GET', `/audit?action=${action}&limit=1`);
        expect(told).toMatchObject([{ action, actorName: 'First admin', result: 'ok' }]);
      }
    },
    TIMEOUT_MS,
  );

  it(
    'finishes by itself, with each record once, whatever of it is killed and started anew, and however many share the work',
    async () => {
      const count = Math.ceil(LETTERS / 3);
      await recovery.limitValues(true);
      await recovery.tooLarge({ tenant: 'ajax', count });
      await recovery.indexed(count);
      await recovery.limitValues(false);
      const id = await begun({ tenant: 'ajax' }, { rate: count / 20, chunkRecords: 20 });
      for (const name of ['dlq-replayer', 'admin-service', 'metrics-consumer'] as const) {
        const before = (await until(id, ({ counts }) => (counts['applied'] ?? 0) > 0)).counts['applied'] ?? 0;
        const app = recovery.app(name);
        await app.end('SIGKILL');
        app.start();
        await app.ready();
        if (name === 'dlq-replayer') await recovery.add('dlq-replayer');
        await until(id, ({ counts, state }) => state === 'completed' || (counts['applied'] ?? 0) > before);
      }
      const { counts } = await ended(id);
      expect((counts['applied'] ?? 0) + (counts['repeated'] ?? 0)).toBe(count);
      await expectOnceEach(id, count);
      expect(await recovery.samples()).toEqual({ samples: count, distinct: count });
      expect(await countsBy('tenant=ajax')).toEqual([{ reason: 'database', recovered: count }]);
      expect(await recovery.ledger()).toMatchObject({ balanced: true });
    },
    TIMEOUT_MS,
  );
});
