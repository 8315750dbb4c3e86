import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EngineProcess } from '@weir/testing';

import { Recovery } from '../support/recovery.js';
import { Replays } from '../support/replays.js';
import { LONG, TAKE_OVER } from './support/extent.js';
import { lasting } from './support/scenario.js';

const LETTERS = LONG ? 40_000 : 5_000;
const ROUNDS = LONG ? 4 : 1;
/** So slow that every fault comes while it runs, on a slow machine too: in the short form within four minutes; the rest is quick. */
const RATE = 20;
const RATE_OF_REST = 1_000;
/** Longer than the sessions of dlq-replayer and, in the short form, of metrics-consumer. */
const FROZEN_MS = LONG ? 50_000 : 8_000;
const PATIENCE_MS = 300_000;
const APPS = ['dlq-replayer', 'admin-service', 'metrics-consumer'] as const;
const brokers = ['kafka-1', 'kafka-2', 'kafka-3'].map((name) => new EngineProcess(name));

let recovery: Recovery;
let replays: Replays;
beforeAll(async () => {
  recovery = await Recovery.start(TAKE_OVER);
  replays = new Replays(recovery, PATIENCE_MS);
});
afterAll(() => recovery.stop());

const applied = ({ counts }: { readonly counts: Readonly<Record<string, number>> }): number => counts['applied'] ?? 0;

describe('a replay', () => {
  it(
    'finishes by itself, with each record once, whatever is killed or stands still meanwhile, and whoever joins or leaves',
    async () => {
      await recovery.limitValues(true);
      await recovery.tooLarge({ tenant: 'ajax', count: LETTERS });
      await recovery.indexed(LETTERS);
      await recovery.limitValues(false);
      const id = await replays.begin({ tenant: 'ajax' }, { rate: RATE, chunkRecords: 20 });

      /** Resolves once it went on after the fault; there has to be something left to go on with. */
      const goesOnAfter = async (fault: () => unknown): Promise<void> => {
        const before = applied(await replays.until(id, (replay) => applied(replay) > 0));
        expect(before).toBeLessThan(LETTERS);
        await fault();
        await replays.until(id, (replay) => applied(replay) > before);
      };
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const name of APPS)
          await goesOnAfter(async () => {
            const app = recovery.app(name);
            await app.end('SIGKILL');
            app.start();
          });
        const joined = await recovery.add('dlq-replayer');
        for (const name of APPS)
          await goesOnAfter(async () => {
            const app = recovery.app(name);
            app.freeze();
            await lasting(FROZEN_MS);
            app.thaw();
          });
        await goesOnAfter(() => joined.end());
        await goesOnAfter(() => brokers[round % brokers.length]?.kill());
      }

      expect(applied(await replays.until(id, () => true))).toBeLessThan(LETTERS);
      await replays.call('PATCH', `/dlq/replays/${id}`, { rate: RATE_OF_REST });
      await replays.ended(id);
      expect(await replays.published(id)).toEqual({ records: LETTERS, different: LETTERS });
      expect(await recovery.samples()).toEqual({ samples: LETTERS, distinct: LETTERS });
      expect(await replays.countsBy('tenant=ajax')).toEqual([{ reason: 'database', recovered: LETTERS }]);
      expect(await recovery.ledger()).toMatchObject({ balanced: true });
    },
    LONG ? 3_000_000 : 2 * PATIENCE_MS,
  );
});
