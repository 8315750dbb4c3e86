import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { classify } from '@weir/errors';
import { eventually, uniqueName } from '@weir/testing';
import { performance } from 'node:perf_hooks';

import {
  KafkaAdmin,
  type OutgoingRecord,
  TransactionalProducer,
  type TransactionalProducerOptions,
} from '../src/index.js';
import { type BrokerProxy, brokerProxy, connectionTo, freshTopic, readAll } from './clients.js';
import { numbered, Outside, signal, Started } from './kafka-fixture.js';

const outside = new Outside();
const admin = new KafkaAdmin(connectionTo());
const started = new Started();
const opened: TransactionalProducer[] = [];
const proxies: BrokerProxy[] = [];

beforeAll(() => outside.connect());
afterAll(() => Promise.all([outside.close(), admin.close()]));
afterEach(async () => {
  await started.stop();
  await Promise.all(opened.splice(0).map((made) => made.close(2_000)));
  await Promise.all(proxies.splice(0).map((made) => made.close()));
});

function producer(
  options: Partial<TransactionalProducerOptions> = {},
  bootstrapServers?: string,
): TransactionalProducer {
  const made = new TransactionalProducer(connectionTo(bootstrapServers), {
    name: 'test',
    compression: 'lz4',
    transactionalId: uniqueName('tx'),
    ...options,
  });
  opened.push(made);
  return made;
}

/** One that has begun a transaction. */
async function begun(
  options: Partial<TransactionalProducerOptions> = {},
  bootstrapServers?: string,
): Promise<TransactionalProducer> {
  const made = producer(options, bootstrapServers);
  // Again where the time that a test gives its calls is too short for a slow machine.
  await eventually(
    () => codeOf(made.init()),
    (code) => code === 'done',
  );
  await made.begin();
  return made;
}

async function proxy(): Promise<BrokerProxy> {
  const made = await brokerProxy();
  proxies.push(made);
  return made;
}

const records = (topic: string, ...values: string[]): OutgoingRecord[] =>
  values.map((value) => ({ topic, key: null, value: Buffer.from(value) }));

const seen = async (topic: string): Promise<(string | undefined)[]> =>
  (await readAll(topic)).map((record) => record.value?.toString());

/** What a read_committed reader gets, once it is as many: the coordinator answers a commit before it has written the markers. */
const expectSeen = async (topic: string, values: readonly string[]): Promise<void> => {
  expect(
    await eventually(
      () => seen(topic),
      (found) => found.length >= values.length,
    ),
  ).toEqual(values);
};

const failure = async (work: Promise<unknown>): Promise<{ code: string; retryable: boolean }> => {
  try {
    await work;
    return { code: 'done', retryable: false };
  } catch (error) {
    const { code, retryable } = classify(error);
    return { code, retryable };
  }
};
const codeOf = async (work: Promise<unknown>): Promise<string> => (await failure(work)).code;

describe('TransactionalProducer', () => {
  it('shows a read_committed reader all of a committed transaction, and nothing of an aborted one', async () => {
    const [one, other] = [await freshTopic('tx'), await freshTopic('tx')];
    const sender = await begun();
    const [positions] = await Promise.all([
      sender.send([...records(one, 'a', 'b'), ...records(other, 'c')]),
      sender.send(records(other, 'd')),
    ]);
    expect(positions).toEqual([
      { topic: one, partition: 0, offset: 0 },
      { topic: one, partition: 0, offset: 1 },
      { topic: other, partition: 0, offset: 0 },
    ]);
    expect(await seen(one)).toEqual([]);
    await sender.commit();
    await expectSeen(one, ['a', 'b']);
    await expectSeen(other, ['c', 'd']);

    await sender.begin();
    await sender.send(records(one, 'never'));
    await sender.abort();
    await sender.begin();
    await sender.send(records(one, 'after'));
    await sender.commit();
    await expectSeen(one, ['a', 'b', 'after']);
    expect((await readAll(one, { isolation: 'read_uncommitted' })).map((r) => String(r.value))).toContain('never');
  });

  it('commits what was sent without waiting for the sends', async () => {
    const topic = await freshTopic('tx');
    const sender = await begun({ lingerMs: 200 });
    const sent = sender.send(records(topic, ...numbered(0, 100)));
    await sender.commit();
    expect(await sent).toHaveLength(100);
    await expectSeen(topic, numbered(0, 100));
  });

  it('allows only what fits the state, and does nothing otherwise', async () => {
    const topic = await freshTopic('tx');
    const sender = producer();
    const refused = { code: 'transaction_state', retryable: false };
    expect(sender.state).toBe('uninitialised');
    expect(await failure(sender.begin())).toEqual(refused);
    await sender.init();
    expect(await failure(sender.send(records(topic, 'too early')))).toEqual(refused);
    expect(await failure(sender.commit())).toEqual(refused);
    expect(await failure(sender.abort())).toEqual(refused);
    await sender.begin();
    expect(await failure(sender.begin())).toEqual(refused);
    const committing = sender.commit();
    expect(await failure(sender.send(records(topic, 'too late')))).toEqual(refused);
    expect(await failure(sender.abort())).toEqual(refused);
    await committing;
    expect(sender.state).toBe('ready');
    await sender.close(1_000);
    expect(await failure(sender.init())).toEqual(refused);
    expect(await seen(topic)).toEqual([]);
  });

  it('refuses a bad record before anything is produced, and the transaction stands', async () => {
    const topic = await freshTopic('tx');
    const sender = await begun();
    const bad = { topic, key: null, value: null, headers: [{ key: 'h', value: null }] };
    expect(await codeOf(sender.send([...records(topic, 'good'), bad]))).toBe('record_invalid');
    await sender.send(records(topic, 'better'));
    await sender.commit();
    await expectSeen(topic, ['better']);
  });

  it('allows only abort once a record was not taken, and works again after it', async () => {
    const topic = await freshTopic('tx', { config: { 'max.message.bytes': '1000' } });
    const sender = await begun({ compression: 'none' });
    await sender.send(records(topic, 'lost with the rest'));
    const abortable = { code: 'transaction_must_abort', retryable: true };
    expect(await failure(sender.send(records(topic, 'x'.repeat(2_000))))).toEqual(abortable);
    expect(sender.state).toBe('must_abort');
    expect(await failure(sender.send(records(topic, 'more')))).toEqual(abortable);
    expect(await failure(sender.commit())).toEqual(abortable);
    await sender.abort();
    await sender.begin();
    await sender.send(records(topic, 'anew'));
    await sender.commit();
    await expectSeen(topic, ['anew']);
  });

  it('does not commit where a send fails that nobody waited for', async () => {
    const topic = await freshTopic('tx', { config: { 'max.message.bytes': '1000' } });
    const sender = await begun({ compression: 'none' });
    const sent = codeOf(sender.send([...records(topic, 'small'), ...records(topic, 'x'.repeat(2_000))]));
    expect(await codeOf(sender.commit())).toBe('transaction_must_abort');
    expect(await sent).toBe('transaction_must_abort');
    await sender.abort();
    expect(await seen(topic)).toEqual([]);
  });
});

describe('TransactionalProducer, with the offsets of a group', () => {
  it('moves them with a commit, and not with an abort', async () => {
    const [commands, results] = [await outside.topic(), await freshTopic('tx')];
    await outside.send(commands, 0, ['command']);
    const sender = await begun();
    const offered = signal();
    const { consumer, groupId } = started.start({
      topics: [commands],
      // Never resolves: the consumer itself commits nothing.
      handler: () => {
        offered.give();
        return new Promise(() => undefined);
      },
    });
    await offered.promise;
    const done = [{ topic: commands, partition: 0, offset: 1 }];

    await sender.send(records(results, 'aborted'));
    await sender.sendOffsets(consumer, done);
    await sender.abort();
    // Asks for stable offsets: the answer comes once the end of the transaction has reached the group's coordinator.
    expect(await admin.stableOffsets(groupId, [commands])).toEqual([]);

    await sender.begin();
    await sender.send(records(results, 'committed'));
    await sender.sendOffsets(consumer, done);
    expect(await outside.committed(groupId, commands)).toEqual([-1]);
    await sender.commit();
    expect(await admin.stableOffsets(groupId, [commands])).toEqual(done);
    await expectSeen(results, ['committed']);
  });

  it('lets a handler finish its transaction while the consumer stops', async () => {
    const commands = await outside.topic();
    await outside.send(commands, 0, ['command']);
    const sender = await begun();
    const [offered, gate] = [signal(), signal()];
    const { consumer, groupId } = started.start({
      topics: [commands],
      handler: async () => {
        offered.give();
        await gate.promise;
        await sender.sendOffsets(consumer, [{ topic: commands, partition: 0, offset: 1 }]);
        await sender.commit();
      },
    });
    await offered.promise;
    const stopped = consumer.stop(5_000);
    gate.give();
    await stopped;
    expect(sender.state).toBe('ready');
    expect(await admin.stableOffsets(groupId, [commands])).toEqual([{ topic: commands, partition: 0, offset: 1 }]);
  });

  it('is refused for a consumer that is no member, and the transaction can still be aborted', async () => {
    const sender = await begun();
    const { consumer } = started.start({ topics: [await outside.topic()] });
    await consumer.stop(1_000);
    expect(await codeOf(sender.sendOffsets(consumer, []))).toBe('consumer_not_running');
    await sender.abort();
    expect(sender.state).toBe('ready');
  });
});

describe('TransactionalProducer, when another one initialises with its transactional id', () => {
  it.each(['send', 'commit'] as const)('is fenced, learns it by %s, and leaves nothing behind', async (call) => {
    const topic = await freshTopic('tx');
    const transactionalId = uniqueName('tx');
    const zombie = await begun({ transactionalId });
    await zombie.send(records(topic, 'of the zombie'));
    const successor = await begun({ transactionalId });
    await successor.send(records(topic, 'of the successor'));
    await successor.commit();

    const attempt = call === 'send' ? zombie.send(records(topic, 'too late')) : zombie.commit();
    const fenced = { code: 'producer_fenced', retryable: false };
    expect(await failure(attempt)).toEqual(fenced);
    expect(zombie.state).toBe('failed');
    expect(await failure(zombie.abort())).toEqual(fenced);
    expect(await failure(zombie.begin())).toEqual(fenced);
    await expectSeen(topic, ['of the successor']);

    // Who knows that the id is still its own takes it back.
    await zombie.init();
    await zombie.begin();
    await zombie.send(records(topic, 'again'));
    await zombie.commit();
    expect(await codeOf(successor.begin().then(() => successor.send(records(topic, 'no'))))).toBe('producer_fenced');
    await expectSeen(topic, ['of the successor', 'again']);
  });
});

describe('TransactionalProducer, when the broker is away', () => {
  it('says so of init, and initialises once the broker is there', async () => {
    const broker = await proxy();
    await broker.cut();
    const sender = producer({ requestTimeoutMs: 300 }, broker.bootstrapServers);
    expect(await failure(sender.init())).toEqual({ code: 'kafka_unavailable', retryable: true });
    expect(sender.state).toBe('uninitialised');
    await broker.resume();
    await eventually(
      () => codeOf(sender.init()),
      (code) => code === 'done',
    );
    expect(sender.state).toBe('ready');
  });

  it('waits for it in commit, and tells a longer absence as something to try again', async () => {
    const topic = await freshTopic('tx');
    const broker = await proxy();
    const sender = await begun({ requestTimeoutMs: 2_000, transactionTimeoutMs: 30_000 }, broker.bootstrapServers);
    await sender.send(records(topic, 'once'));
    await broker.cut();
    const before = performance.eventLoopUtilization();
    expect(await failure(sender.commit())).toEqual({ code: 'transaction_unresolved', retryable: true });
    // It waited for two seconds, and not on the event loop, which would be busy for half a second of each 0.6 s.
    expect(performance.eventLoopUtilization(before).utilization).toBeLessThan(0.7);
    expect(sender.state).toBe('commit_unresolved');
    expect(await codeOf(sender.abort())).toBe('transaction_state');
    const again = sender.commit();
    await broker.resume();
    await again.catch(() =>
      eventually(
        () => codeOf(sender.commit()),
        (code) => code === 'done',
      ),
    );
    expect(sender.state).toBe('ready');
    await expectSeen(topic, ['once']);
    await sender.begin();
    await sender.send(records(topic, 'next'));
    await sender.commit();
    await expectSeen(topic, ['once', 'next']);
  });

  it('settles by init what it could not end: an open transaction is aborted and blocks no reader', async () => {
    const topic = await freshTopic('tx');
    const broker = await proxy();
    const sender = await begun({ requestTimeoutMs: 2_000, transactionTimeoutMs: 30_000 }, broker.bootstrapServers);
    await sender.send(records(topic, 'unfinished'));
    await broker.cut();
    expect(await codeOf(sender.abort())).toBe('transaction_unresolved');
    await broker.resume();
    await eventually(
      () => codeOf(sender.init()),
      (code) => code === 'done',
    );
    await sender.begin();
    await sender.send(records(topic, 'anew'));
    await sender.commit();
    await expectSeen(topic, ['anew']);
  });
});

describe('TransactionalProducer, when it is closed', () => {
  it('aborts an open transaction, so that no reader waits for the time-out', async () => {
    const topic = await freshTopic('tx');
    const sender = await begun({ transactionTimeoutMs: 60_000 });
    await sender.send(records(topic, 'open'));
    await sender.close(5_000);
    expect(sender.state).toBe('closed');
    await outside.send(topic, 0, ['behind it']);
    await expectSeen(topic, ['behind it']);
  });

  it('lets go in time with the broker away', async () => {
    const broker = await proxy();
    const sender = await begun({}, broker.bootstrapServers);
    await broker.cut();
    const committing = codeOf(sender.commit());
    const since = performance.now();
    await sender.close(300);
    expect(performance.now() - since).toBeLessThan(9_000); // the commit itself would wait for ten seconds
    expect(['done', 'transaction_unresolved']).toContain(await committing);
  });
});
