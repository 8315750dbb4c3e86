import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@weir/testing';

import { System } from '../support/system.js';
import { LONG, TAKE_OVER } from './support/extent.js';
import type { Load } from './support/load.js';
import { accepted, expectPromiseKept, loadOn } from './support/scenario.js';

const anyMoment = (): number => 500 + Math.round(Math.random() * 4_000);
const COMING_AND_GOING_MS = LONG ? 120_000 : 5_000;
const PACE_MS = 5_000;

describe('under load', () => {
  let system: System;
  let load: Load;
  beforeAll(async () => {
    system = await System.start({ environment: () => TAKE_OVER });
  });
  beforeEach(() => {
    load = loadOn(system);
  });
  // One that a failed test left behind would go on below the next.
  afterEach(() => load.stop().catch(() => undefined));
  afterAll(() => system.stop());

  it('nothing is lost or doubled when metrics-consumer is killed again and again, or stands still past its session and goes on', async () => {
    const successor = await system.addConsumer();
    await successor.ready();
    for (let time = 0; time < (LONG ? 20 : 2); time += 1) {
      await accepted(load, anyMoment());
      expect(await system.consumer.end('SIGKILL')).toBe('SIGKILL');
      system.consumer.start();
      if (time % 2 === 0) await system.consumer.ready();
    }
    await system.consumer.ready();
    system.consumer.freeze();
    try {
      const members = async (): Promise<number> => (await system.group()).members.length;
      await eventually(members, (count) => count === 1, { timeoutMs: 120_000, intervalMs: 250 });
      await accepted(load, 5_000); // the successor has it all, and works
    } finally {
      system.consumer.thaw();
    }
    await system.consumer.ready();
    const fates = await expectPromiseKept(system, load);
    expect(fates.count('accepted')).toBeGreaterThan(5_000);
    expect(await successor.end('SIGTERM')).toBe(0);
  });

  it('what was acknowledged is kept when ingest-api is killed again and again', async () => {
    for (let time = 0; time < (LONG ? 10 : 2); time += 1) {
      await accepted(load, anyMoment());
      expect(await system.ingest.end('SIGKILL')).toBe('SIGKILL');
      system.ingest.start();
    }
    const fates = await expectPromiseKept(system, load);
    expect(fates.count('unknown')).toBeGreaterThan(0);
  });

  it('members join and leave every few seconds, and no sample is stored twice or left out', async () => {
    const began = performance.now();
    for (let came = 0; came < 2 || performance.now() - began < COMING_AND_GOING_MS; came += 1) {
      const [added, joinedAt] = [await system.addConsumer(), performance.now()];
      await added.ready();
      await accepted(load, 1_000);
      if (LONG) await eventually(() => performance.now() - joinedAt >= PACE_MS);
      expect(await added.end('SIGTERM')).toBe(0);
    }
    await expectPromiseKept(system, load);
  });
});
