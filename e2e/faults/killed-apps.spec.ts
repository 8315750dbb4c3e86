import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@weir/testing';

import { System } from '../support/system.js';
import { LONG } from './support/extent.js';
import { accepted, expectPromiseKept, loadOn } from './support/scenario.js';

let system: System;
afterEach(() => system.stop());

const anyMoment = (): number => 500 + Math.round(Math.random() * 4_000);

describe('under load', () => {
  it('nothing is lost or doubled when metrics-consumer is killed again and again', async () => {
    system = await System.start();
    const load = loadOn(system);
    for (let time = 0; time < (LONG ? 20 : 4); time += 1) {
      await accepted(load, anyMoment());
      expect(await system.consumer.end('SIGKILL')).toBe('SIGKILL');
      system.consumer.start();
      if (time % 2 === 1) await system.consumer.ready();
    }
    const fates = await expectPromiseKept(system, load);
    expect(fates.count('accepted')).toBeGreaterThan(2_000);
  });

  it('a successor takes over from a frozen metrics-consumer, which doubles nothing once it goes on', async () => {
    system = await System.start();
    const successor = await system.addConsumer();
    await successor.ready();
    const load = loadOn(system);
    await accepted(load, 5_000);
    system.consumer.freeze();
    try {
      const members = async (): Promise<number> => (await system.group()).members.length;
      await eventually(members, (count) => count === 1, { timeoutMs: 90_000, intervalMs: 250 });
      await accepted(load, 5_000);
    } finally {
      system.consumer.thaw();
    }
    await system.consumer.ready();
    await expectPromiseKept(system, load);
  });

  it('what was acknowledged is kept when ingest-api is killed again and again', async () => {
    system = await System.start();
    const load = loadOn(system);
    for (let time = 0; time < (LONG ? 10 : 4); time += 1) {
      await accepted(load, anyMoment());
      expect(await system.ingest.end('SIGKILL')).toBe('SIGKILL');
      system.ingest.start();
    }
    const fates = await expectPromiseKept(system, load);
    expect(fates.count('unknown')).toBeGreaterThan(0);
  });

  it('members come and go, and no sample is stored twice or left out', async () => {
    system = await System.start();
    const load = loadOn(system);
    for (let time = 0; time < (LONG ? 24 : 5); time += 1) {
      const added = await system.addConsumer();
      await added.ready();
      await accepted(load, 1_000);
      expect(await added.end('SIGTERM')).toBe(0);
    }
    await expectPromiseKept(system, load);
  });
});
