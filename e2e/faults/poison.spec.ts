import { afterEach, describe, expect, it } from '@jest/globals';

import { System } from '../support/system.js';
import { accepted, loadOn } from './support/scenario.js';
import { deadLetters, drained, findings, identity, PROMISE_KEPT } from './support/verify.js';

let system: System;
afterEach(() => system.stop());

describe('under load, with poison in the topic', () => {
  it('each poison record is a dead letter with its bytes, copies share their identity, and nothing else is one', async () => {
    system = await System.start();
    const load = loadOn(system);
    await accepted(load, 2_000);
    const sent = await system.poison(500);
    await system.consumer.end('SIGKILL'); // so that some may be dead-lettered twice
    system.consumer.start();
    sent.push(...(await system.poison(2_000, 500)));
    await accepted(load, 2_000);
    const fates = await load.stop();
    await drained(system);
    expect(await findings(system, load.workload, fates)).toEqual(PROMISE_KEPT);

    const letters = await deadLetters(system);
    const byIdentity = new Map(letters.map((letter) => [identity(letter), letter.envelope.source.raw_value_hex]));
    expect(new Set(byIdentity.values())).toEqual(new Set(sent));
    expect(byIdentity.size).toBe(sent.length);
    const ledger = await system.ledger();
    expect(ledger.partitions.reduce((sum, line) => sum + line.dead_lettered, 0)).toBe(sent.length);
  });
});
