import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@weir/testing';

import { Recovery } from '../support/recovery.js';
import { Replays } from '../support/replays.js';

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

describe('from a spike of dead letters to all of it recovered', () => {
  let recovery: Recovery;
  let replays: Replays;
  beforeEach(async () => {
    recovery = await Recovery.start();
    replays = new Replays(recovery, TIMEOUT_MS / 2);
  }, TIMEOUT_MS);
  afterEach(() => recovery.stop(), TIMEOUT_MS);

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
      expect(await replays.countsBy('tenant=acme&reason=unknown_schema')).toEqual([
        { reason: 'unknown_schema', open: LATE },
      ]);
      expect(await replays.countsBy('tenant=ajax')).toEqual([{ reason: 'database', open: REFUSED }]);
      expect(await replays.countsBy('reason=frame')).toEqual([{ reason: 'frame', open: NONSENSE }]);

      // The cause is still there.
      const tried = await replays.begin(
        { tenant: 'acme', reason: 'unknown_schema' },
        { canary: { records: 20, maxFailed: 0.1 }, rate: RATE },
      );
      const stopped = await replays.until(tried, ({ state }) => state === 'paused');
      expect(stopped).toMatchObject({ why: 'canary_failed', counts: { failed_again: 20, waiting: LATE - 20 } });
      await replays.call('POST', `/dlq/replays/${tried}/cancel`);
      await replays.until(tried, ({ state }) => state === 'cancelled');

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

      const all = await replays.begin(
        { tenant: 'acme', reason: 'unknown_schema' },
        { rate: RATE, canary: { records: 20, maxFailed: 0 } },
      );
      let askedAt = 0;
      const { counts: begun } = await replays.until(
        all,
        ({ counts }) => (counts['waiting'] ?? 0) < LATE - 20,
        () => (askedAt = performance.now()),
      );
      // What was left then, since the time before it was asked for: an answer that comes late makes no replay fast.
      const beganAt = askedAt;
      await replays.until(all, ({ counts }) => counts['waiting'] === undefined);
      const rate = (begun['waiting'] ?? 0) / ((performance.now() - beganAt) / 1_000);
      const refused = await replays.begin({ tenant: 'ajax' }, { rate: RATE });
      expect((await replays.ended(all)).counts).toEqual({ applied: LATE });
      expect((await replays.ended(refused)).counts).toEqual({ applied: REFUSED });
      expect(rate / RATE).toBeLessThan(MOST);
      expect(rate / RATE).toBeGreaterThan(LEAST);
      expect(await replays.published(all)).toEqual({ records: LATE, different: LATE });
      expect(await replays.published(refused)).toEqual({ records: REFUSED, different: REFUSED });

      const { items } = await replays.call('GET', '/dlq/messages?reason=frame');
      for (const { id } of items as { id: string }[])
        await replays.call('POST', `/dlq/messages/${id}/discard`, { reason: 'an exporter that is switched off' });
      expect(await replays.countsBy('tenant=acme&reason=unknown_schema')).toEqual([
        { reason: 'unknown_schema', recovered: LATE },
      ]);
      expect(await replays.countsBy('reason=frame')).toEqual([{ reason: 'frame', discarded: NONSENSE }]);
      const { samples, distinct } = await recovery.samples();
      expect(samples).toBe(distinct);
      expect(samples).toBeGreaterThanOrEqual(LATE + REFUSED);
      expect(await recovery.ledger()).toMatchObject({ balanced: true });
      for (const action of ['replays.plan', 'replays.begin', 'replays.cancel', 'dlq.discard']) {
        const { items: told } = await replays.call('GET', `/audit?action=${action}&limit=1`);
        expect(told).toMatchObject([{ action, actorName: 'First admin', result: 'ok' }]);
      }
    },
    TIMEOUT_MS,
  );
});
