import { afterEach, describe, expect, it } from '@jest/globals';
import { RecordProducer } from '@weir/kafka';
import { metricsRaw } from '@weir/topics';

import { kafkaConnection, System } from '../support/system.js';
import { accepted, loadOn } from './support/scenario.js';
import { deadLetters, drained, findings, identity, PROMISE_KEPT } from './support/verify.js';

let system: System;
afterEach(() => system.stop());

/** Puts what nobody can read into metrics.raw, as one tenant's broken producer would. */
async function poison(count: number, from = 0): Promise<string[]> {
  const producer = new RecordProducer(kafkaConnection(), {
    name: 'poison',
    compression: 'none',
    lingerMs: 1,
    deliveryTimeoutMs: 20_000,
    maxQueuedRecords: 100_000,
    maxQueuedBytes: 10_000_000,
  });
  await producer.start();
  const values = Array.from({ length: count }, (_, n) => Buffer.from(`{"poison":${from + n}}`));
  const headers = [{ key: 'tenant-id', value: Buffer.from('broken') }];
  try {
    await producer.send(
      values.map((value, n) => ({ topic: system.topics.name(metricsRaw), key: `${n}`, value, headers })),
    );
  } finally {
    await producer.close(5_000);
  }
  return values.map((value) => value.toString('hex'));
}

describe('under load, with poison in the topic', () => {
  it('each poison record is a dead letter with its bytes, copies share their identity, and nothing else is one', async () => {
    system = await System.start();
    const load = loadOn(system);
    await accepted(load, 2_000);
    const sent = await poison(500);
    await system.consumer.end('SIGKILL'); // so that some may be dead-lettered twice
    system.consumer.start();
    sent.push(...(await poison(2_000, 500)));
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
