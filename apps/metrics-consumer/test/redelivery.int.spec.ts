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

  it.each(['while it is stopped', 'while it runs and nothing arrives'])(
    'reads again what the database lost though the group had committed it, as after a failover: %s',
    async (when) => {
      const app = await running(1);
      await app.topics.sendEvents(events(100, { name: 'kept' }));
      await app.untilSettled(100);
      const [before] = await app.sql('SELECT next, stored FROM metrics.ledger');
      await app.topics.sendEvents(events(200, { name: 'lost' }));
      await app.untilSettled(300);
      await app.untilCaughtUp();

      if (when === 'while it is stopped') await app.stop();
      await app.sql(`DELETE FROM metrics.samples USING metrics.series WHERE id = series_id AND name = 'lost'`);
      await app.sql(`DELETE FROM metrics.series WHERE name = 'lost'`);
      await app.sql('UPDATE metrics.ledger SET next = $1, stored = $2', [before?.['next'], before?.['stored']]);
      await app.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'weir metrics-consumer'`);

      if (when === 'while it is stopped') await app.start();
      await eventually(
        () => app.samples(),
        (samples) => samples.length === 300,
        { timeoutMs: 60_000 },
      );
      expect(await app.ledger()).toMatchObject({ balanced: true, partitions: [{ next: 300, stored: 300 }] });
    },
    240_000,
  );
});

describe('metrics-consumer, overtaken by retention', () => {
  it('counts what was deleted before it was ever started, and all that it stores after', async () => {
    consumer = await ConsumerApp.create(() => ({}), 1);
    const { topics } = consumer;
    await topics.sendEvents(events(5, { name: 'unread' }));
    await topics.admin.deleteRecords([{ topic: topics.raw, partition: 0, offset: 3 }]);
    await consumer.start();
    await consumer.untilSettled(2);
    expect(await consumer.ledger()).toMatchObject({
      balanced: true,
      partitions: [{ first: 0, next: 5, stored: 2, expired: 3, gap: 0 }],
    });
  });

  it('counts what was deleted at the end of a partition, where no record follows that would show it', async () => {
    const app = await running(1);
    const { topics } = app;
    await topics.sendEvents(events(10, { name: 'read' }));
    await app.untilSettled(10);
    await app.stop();
    await topics.sendEvents(events(4, { name: 'unread' }));
    await topics.admin.deleteRecords([{ topic: topics.raw, partition: 0, offset: 14 }]);
    await app.start();
    await eventually(
      () => app.settled(),
      ({ expired }) => expired === 4,
      { timeoutMs: 60_000 },
    );
    expect(await app.ledger()).toMatchObject({
      balanced: true,
      partitions: [{ first: 0, next: 14, stored: 10, expired: 4, gap: 0 }],
    });
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
      await app.removeTopic(metricsRaw);
      await topics.make(metricsRaw);
      await topics.sendEvents(events(200, { name: 'second' }));
      if (when === 'while it is stopped') {
        // What a member of the old topic committed late.
        await topics.admin.setOffsets(app.group, [{ topic: topics.raw, partition: 0, offset: 150 }]);
        await app.start();
      }

      const names = async (): Promise<string[]> => (await app.samples()).map(({ name }) => name);
      await eventually(names, (stored) => stored.length === 500, { timeoutMs: 60_000 });
      const { balanced, partitions } = await app.ledger();
      expect(balanced).toBe(true);
      expect(partitions.map(({ first, next, stored }) => ({ first, next, stored }))).toEqual(
        expect.arrayContaining([
          { first: 0, next: 300, stored: 300 },
          { first: 0, next: 200, stored: 200 },
        ]),
      );
    },
    240_000,
  );
});
