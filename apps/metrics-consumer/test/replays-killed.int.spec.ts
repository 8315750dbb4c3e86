import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@weir/testing';

import { ConsumerApp } from './support/consumer-app.js';
import { ConsumerProcess } from './support/consumer-process.js';
import { event } from './support/events.js';
import { identityOf, OutcomeReader, replayHeaders } from './support/replayed.js';

/** Whoever has it publishes outcomes; see packages/outbox. */
const RELAY_LOCK = `SELECT pg_advisory_xact_lock(hashtext('weir outbox relay'), hashtext('metrics'))`;

type Fate = 'applied' | 'repeated' | 'failed_again';
const FATES: readonly Fate[] = ['applied', 'repeated', 'failed_again'];
const fateOf = (n: number): Fate => FATES[n % FATES.length] ?? 'applied';

describe('metrics-consumer, killed amid replayed records', () => {
  let consumer: ConsumerApp;
  let child: ConsumerProcess;
  let reader: OutcomeReader;
  beforeEach(async () => {
    consumer = await ConsumerApp.create(() => ({ BATCH_MAX_RECORDS: '20' }), 2);
    child = new ConsumerProcess(consumer.environment);
    reader = new OutcomeReader(consumer);
  });
  afterEach(async () => {
    await child.kill();
    await reader.close();
    await consumer.close();
  });

  const stored = async (): Promise<number> => {
    const [row] = await consumer.sql('SELECT coalesce(sum(stored + dead_lettered), 0)::int AS n FROM metrics.ledger');
    return Number(row?.['n']);
  };
  const at = Date.now() - 600_000;
  const recordOf = (n: number, headers = replayHeaders(consumer.group, n, { at: at - 1 })) => ({
    value:
      consumer.topics.encode([
        event({ name: fateOf(n) === 'failed_again' ? 'no spaces' : fateOf(n), timestamp: at + n, value: n }),
      ])[0] ?? null,
    partition: n % 2,
    headers,
  });
  /** `count` replayed records; where one is to be repeated, a live value is there already. */
  const send = async (count: number): Promise<void> => {
    const numbers = Array.from({ length: count }, (_, n) => n);
    await consumer.topics.send(numbers.filter((n) => fateOf(n) === 'repeated').map((n) => recordOf(n, [])));
    await consumer.topics.send(numbers.map((n) => recordOf(n)));
  };
  const expected = (count: number) =>
    new Map(Array.from({ length: count }, (_, n) => [identityOf(consumer.group, n), fateOf(n)]));
  const untilTold = (count: number) =>
    eventually(
      () => reader.byIdentity(),
      (told) => told.size >= count,
      { timeoutMs: 120_000, intervalMs: 500 },
    );

  it('tells what it had stored and not told when it died', async () => {
    const COUNT = 60;
    await consumer.whileHolding(RELAY_LOCK, async () => {
      await child.start();
      await send(COUNT);
      await eventually(stored, (n) => n >= COUNT + COUNT / FATES.length, { timeoutMs: 60_000 });
      await child.kill();
    });
    await child.start();
    expect(await untilTold(COUNT)).toEqual(expected(COUNT));
  }, 300_000);

  it('tells of each what became of it, and of none two things, wherever it dies', async () => {
    const COUNT = 1_500;
    const ALL = COUNT + COUNT / FATES.length;
    const sending = send(COUNT);
    for (const part of [0.1, 0.3, 0.5, 0.7]) {
      await child.start();
      await eventually(stored, (n) => n >= ALL * part, { timeoutMs: 60_000, intervalMs: 5 });
      await child.kill();
    }
    await sending;
    await child.start();
    await eventually(stored, (n) => n === ALL, { timeoutMs: 120_000 });
    expect(await untilTold(COUNT)).toEqual(expected(COUNT));
    const identities = (await reader.outcomes()).map(({ identity }) => identity);
    expect(new Set(identities).size).toBe(COUNT);
  }, 600_000);
});
