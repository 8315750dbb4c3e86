import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@weir/testing';
import { metricsDlq, metricsRaw } from '@weir/topics';

import { System } from '../support/system.js';
import { LONG } from './support/extent.js';
import { accepted, expectPromiseKept, loadOn } from './support/scenario.js';
import { deadLetters, drained, findings, identity, PROMISE_KEPT } from './support/verify.js';

let system: System;
/** So many dead letters there are. */
let poisoned = 0;
/** In the short form less time has to pass until a dead letter is given up. */
const GIVEN_UP = LONG ? {} : { DEAD_LETTER_DELIVERY_TIMEOUT: '2s' };
beforeAll(async () => {
  const environment = { ...GIVEN_UP, BREAKER_FAILED_TRIES: '2', BREAKER_PROBE_INTERVAL: '1s' };
  system = await System.start({ environment: () => environment });
});
afterAll(() => system.stop());

describe('under load, with topics changed below the apps', () => {
  it('stops while dead letters have nowhere to go, and loses nothing of what came meanwhile', async () => {
    const dlq = system.topics.name(metricsDlq);
    await system.admin.deleteTopics([dlq]);
    // A producer that has no connection within a second has sent nothing.
    poisoned = (await eventually(() => system.poison(10), undefined, { timeoutMs: 60_000 })).length;
    const load = loadOn(system);
    const open = async (): Promise<unknown> => (await fetch(`${system.consumer.url}/breaker`)).json();
    await eventually(open, (shown) => JSON.stringify(shown).includes('dlq_unwritable'), { timeoutMs: 90_000 });
    await accepted(load, 2_000);
    await system.admin.ensureTopics([system.topics.resolved(metricsDlq)]);
    await eventually(open, (shown) => JSON.stringify(shown).includes('"open":null'), { timeoutMs: 90_000 });
    await expectPromiseKept(system, load, { deadLetters: poisoned });
  });

  it('says how many records retention deleted before they were read, and stores all that came after', async () => {
    const before = loadOn(system);
    await accepted(before, 2_000);
    await before.stop();
    await drained(system);
    await system.consumer.end('SIGTERM');

    const unread = loadOn(system);
    await accepted(unread, 3_000);
    const fates = await unread.stop();
    const raw = system.topics.name(metricsRaw);
    const ends = await system.admin.watermarks([raw]);
    await system.admin.deleteRecords(ends.map(({ partition, high }) => ({ topic: raw, partition, offset: high })));

    system.consumer.start();
    const after = loadOn(system);
    await accepted(after, 3_000, 90_000);
    await expectPromiseKept(system, after, { deadLetters: poisoned });
    const ledger = await system.ledger();
    const expired = ledger.partitions.reduce((sum, line) => sum + line.expired, 0);
    expect(expired).toBeGreaterThanOrEqual(fates.count('accepted'));
    expect(expired).toBeLessThanOrEqual(fates.count('accepted') + fates.count('unknown'));
  });

  it('takes a topic that was deleted and made again for another one, from its beginning', async () => {
    const before = loadOn(system);
    await accepted(before, 2_000);
    await before.stop();
    await drained(system);
    const raw = system.topics.name(metricsRaw);
    await system.admin.deleteTopics([raw]);
    await eventually(
      () => system.admin.listTopics(),
      (names) => !names.includes(raw),
    );
    await system.admin.ensureTopics([system.topics.resolved(metricsRaw)]);
    const after = loadOn(system);
    await accepted(after, 3_000, 90_000);
    const fates = await after.stop();
    await drained(system);
    const { lost, ...others } = await findings(system, after.workload, fates);
    expect({ ...others, lost: [] }).toEqual(PROMISE_KEPT);
    // Brokers hear of it one after the other. What one of them took before it did is gone with the old one; all of the new one is stored.
    const [{ stored } = { stored: 0 }] = await system.sql<{ stored: number }>(
      'SELECT count(*)::int AS stored FROM metrics.samples JOIN metrics.series ON series.id = series_id WHERE name = $1',
      [after.workload.metric],
    );
    const inNewTopic = (await system.admin.watermarks([raw])).reduce((sum, { high }) => sum + high, 0);
    expect(stored).toBeGreaterThanOrEqual(inNewTopic);
    expect(lost.length).toBeLessThanOrEqual(Math.max(0, fates.count('accepted') - inNewTopic));
    expect(new Set((await deadLetters(system)).map(identity)).size).toBe(poisoned);
    expect(new Set((await system.ledger()).partitions.map((line) => line.topic_id)).size).toBe(2);
  });
});
