import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@weir/testing';
import { metricsRaw } from '@weir/topics';

import { ConsumerApp } from './support/consumer-app.js';
import { events } from './support/events.js';

let consumer: ConsumerApp | null = null;
afterEach(async () => {
  await consumer?.close();
  consumer = null;
});

async function running(partitions: number): Promise<ConsumerApp> {
  consumer = await ConsumerApp.create(() => ({}), partitions);
  await consumer.start();
  return consumer;
}

describe('metrics-consumer, given records again', () => {
  it('changes no sum and no sample, writes no second dead letter, and commits the offsets at last', async () => {
    const app = await running(3);
    const { topics } = app;
    await topics.sendEvents(events(300));
    await topics.send([0, 1, 2].map((partition) => ({ value: Buffer.from('not avro'), partition })));
    const ledger = await app.untilSettled(303);
    const samples = await app.samples();
    await topics.deadLetters(3);

    await app.stop();
    await topics.admin.setOffsets(
      app.group,
      [0, 1, 2].map((partition) => ({ topic: topics.raw, partition, offset: 0 })),
    );
    expect(await app.committed()).toBe(0);
    await app.start();
    await app.untilCaughtUp();

    expect(await app.ledger()).toEqual(ledger);
    expect(await app.samples()).toEqual(samples);
    await topics.sendEvents(events(1, { name: 'after' })); // whatever came before it would have been written by then
    await app.untilSettled(304);
    expect(topics.deadLetterCount).toBe(3);
  });

  it('reads again what the database lost though the group had committed it, as after a failover', async () => {
    const app = await running(1);
    await app.topics.sendEvents(events(100, { name: 'kept' }));
    await app.untilSettled(100);
    const [before] = await app.sql('SELECT next, stored FROM metrics.ledger');
    await app.topics.sendEvents(events(200, { name: 'lost' }));
    await app.untilSettled(300);
    await app.untilCaughtUp();
    await app.stop();
    await app.sql(`DELETE FROM metrics.samples USING metrics.series WHERE id = series_id AND name = 'lost'`);
    await app.sql(`DELETE FROM metrics.series WHERE name = 'lost'`);
    await app.sql('UPDATE metrics.ledger SET next = $1, stored = $2', [before?.['next'], before?.['stored']]);

    await app.start();
    expect(await app.untilSettled(300)).toMatchObject({ balanced: true, partitions: [{ next: 300, stored: 300 }] });
    expect(await app.samples()).toHaveLength(300);
  });
});

describe('metrics-consumer, whose topic is deleted and made again', () => {
  it.each(['while it is stopped', 'while it runs'])(
    'stores every record of both, each under a line of its own: %s',
    async (when) => {
      const app = await running(1);
      const { topics } = app;
      await topics.sendEvents(events(300, { name: 'first' }));
      await app.untilSettled(300);
      await app.untilCaughtUp();

      if (when === 'while it is stopped') await app.stop();
      await topics.remove(metricsRaw);
      await topics.make(metricsRaw);
      if (when === 'while it is stopped') await app.start();
      await topics.sendEvents(events(200, { name: 'second' }));

      const names = async (): Promise<string[]> => (await app.samples()).map(({ name }) => name);
      await eventually(names, (stored) => stored.length === 500, { timeoutMs: 30_000 });
      const { balanced, partitions } = await app.ledger();
      expect(balanced).toBe(true);
      expect(partitions.map(({ first, next, stored }) => ({ first, next, stored }))).toEqual(
        expect.arrayContaining([
          { first: 0, next: 300, stored: 300 },
          { first: 0, next: 200, stored: 200 },
        ]),
      );
    },
    40_000,
  );
});
