import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ReplayEvent } from '@weir/avro';
import { classify } from '@weir/errors';
import { TransactionalProducer } from '@weir/kafka';
import { engines, eventually, TcpProxy, uniqueName } from '@weir/testing';

import type { Command } from '../src/replays/command.js';
import { Members } from './support/members.js';
import { chunkOf, connectionTo, ReplayTopics } from './support/replay-topics.js';

let topics: ReplayTopics;
let members: Members;
let command: Command;

beforeEach(async () => {
  topics = await ReplayTopics.create();
  members = await Members.of(topics);
  const chunk = chunkOf(await topics.numbered(20));
  await topics.issue([chunk]);
  command = { partition: 0, offset: 0, chunk };
});
afterEach(async () => {
  await members.close();
  await topics.close();
});

const never = new AbortController().signal;
const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => classify(error).code,
  );

async function expectOnce(events = 1): Promise<void> {
  const answered: readonly ReplayEvent[] = await topics.answered(20);
  expect(answered).toHaveLength(events);
  expect((await topics.all(topics.raw)).map(({ value }) => String(value)).toSorted()).toEqual(
    Array.from({ length: 20 }, (_, i) => `v${i}`).toSorted(),
  );
}

describe('who takes a partition over', () => {
  it('looks what is done only after the predecessor is fenced, so that nothing of it comes later', async () => {
    const predecessor = members.replayer();
    await predecessor.takeOver('assigned');
    let late = '';
    const successor = members.replayer({
      admin: {
        stableOffsets: (...asked) => topics.admin.stableOffsets(...asked),
        watermarks: async (names) => {
          const marks = await topics.admin.watermarks(names);
          late = await codeOf(predecessor.run(command, never));
          return marks;
        },
      },
    });
    await successor.takeOver('assigned');
    expect(late).toBe('producer_fenced');
    expect(await successor.run(command, never)).toHaveLength(20);
    await expectOnce();
  });

  it('knows every answer of the predecessor, also those behind an open transaction of somebody else', async () => {
    const predecessor = members.replayer();
    await predecessor.takeOver('assigned');
    const somebody = new TransactionalProducer(connectionTo(), {
      name: 'somebody',
      compression: 'none',
      transactionalId: uniqueName('somebody'),
      transactionTimeoutMs: 60_000,
    });
    await somebody.init();
    await somebody.begin();
    await somebody.send([{ topic: topics.events, partition: 0, key: null, value: Buffer.from('an outcome') }]);
    expect(await predecessor.run(command, never)).toHaveLength(20);

    const successor = members.replayer({ patienceMs: 500 });
    await successor.takeOver('assigned');
    expect(await codeOf(successor.run(command, never))).toBe('kafka_unavailable');
    await somebody.abort();
    await somebody.close(1_000);
    expect(await successor.run(command, never)).toEqual([]);
    await expectOnce();
  });

  it('begins where the group is, which the predecessor may be about to move', async () => {
    const predecessor = members.replayer();
    expect(await predecessor.takeOver('assigned')).toBe(0);
    await predecessor.run(command, never);
    expect(await members.replayer().takeOver('assigned')).toBe(1);
  });
});

describe('who owns a partition', () => {
  it('and is fenced all the same takes it over again, and goes on with what is not answered', async () => {
    const owner = members.replayer();
    await owner.takeOver('assigned');
    const zombie = members.replayer();
    await zombie.takeOver('assigned');
    expect(await codeOf(owner.run(command, never))).toBe('producer_fenced');
    expect(await owner.run(command, never)).toHaveLength(20);
    expect(await codeOf(zombie.run(command, never))).toBe('producer_fenced');
    await expectOnce();
  });

  it('and gets no answer to a commit finds out whether it happened, and publishes nothing twice', async () => {
    const link = await TcpProxy.beforeBroker(engines().kafka.bootstrapServers);
    let commits = 0;
    const owner = members.replayer({
      bootstrapServers: link.address,
      requestTimeoutMs: 8_000,
      // The brokers get the first one in time, and their answer comes too late.
      beforeCommit: () => {
        link.degrade({ latencyMs: commits === 0 ? 5_000 : 0 });
        commits += 1;
      },
    });
    await owner.takeOver('assigned');
    expect(await codeOf(owner.run(command, never))).toBe('transaction_unresolved');
    link.degrade({});
    await eventually(
      () => codeOf(owner.run(command, never)),
      (code) => code === 'done',
      { timeoutMs: 90_000 },
    );
    await expectOnce();
    expect(commits).toBe(1);
    await link.cut();
  }, 150_000);

  it('and ends between two pieces of a chunk has not passed it: whoever comes next goes on with the rest', async () => {
    const ending = new AbortController();
    let pieces = 0;
    const owner = members.replayer({
      maxTransactionBytes: 1, // a record each
      beforeEvent: () => {
        pieces += 1;
        if (pieces === 3) ending.abort(new Error('the process ended'));
      },
    });
    await owner.takeOver('assigned');
    await expect(owner.run(command, ending.signal)).rejects.toThrow('ended');
    const successor = members.replayer();
    expect(await successor.takeOver('assigned')).toBe(command.offset);
    expect(await successor.run(command, never)).toHaveLength(18);
    await expectOnce(3);
  });

  it('and loses it leaves nothing open, and nothing behind', async () => {
    const losing = new AbortController();
    const owner = members.replayer({ beforeEvent: () => losing.abort(new Error('the partition was lost')) });
    await owner.takeOver('assigned');
    await expect(owner.run(command, losing.signal)).rejects.toThrow('lost');
    // A transaction that was open would hold this reader.
    expect(await topics.all(topics.raw)).toEqual([]);
    const successor = members.replayer();
    await successor.takeOver('assigned');
    expect(await successor.run(command, never)).toHaveLength(20);
    await expectOnce();
  });
});
