import { afterEach, describe, expect, it } from '@jest/globals';

import { System } from '../support/system.js';
import { accepted, expectPromiseKept, loadOn } from './support/scenario.js';

let system: System;
afterEach(() => system.stop());

describe('under load, from clients that go wrong', () => {
  it('each series and time is stored once when every batch is posted three times, while the consumer is killed', async () => {
    system = await System.start();
    const load = loadOn(system, { copies: 3 });
    await accepted(load, 6_000);
    await system.consumer.end('SIGKILL');
    system.consumer.start();
    await accepted(load, 6_000);
    await expectPromiseKept(system, load);
    const counts = await system.sql<{ copies: number }>(
      'SELECT max(n)::int AS copies FROM (SELECT count(*) AS n FROM metrics.samples GROUP BY series_id, ts) AS per_key',
    );
    expect(counts).toEqual([{ copies: 1 }]);
  });
});
