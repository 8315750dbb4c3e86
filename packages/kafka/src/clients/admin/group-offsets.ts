import { classify, KafkaAdminError } from '@weir/errors';
import type { Admin } from 'kafkajs';
import { setTimeout as wait } from 'node:timers/promises';

import type { KafkaConnection } from '../../connection.js';
import type { TopicPartition, TopicPartitionOffset } from '../../records.js';
import { clientSettings } from '../client-settings.js';
import { NativeClient, type NativeSettings } from '../consumer/native-client.js';
import { Wake } from '../consumer/wake.js';

const nothing = (): void => undefined;
const SILENT = { rebalance: nothing, error: nothing, readable: nothing };
const POLL_INTERVAL_MS = 20;
const STABLE_POLL_MS = 50;

const settings = (connection: KafkaConnection, groupId: string): NativeSettings => ({
  ...clientSettings(connection),
  'group.id': groupId,
  'enable.auto.commit': false,
  'isolation.level': 'read_committed',
});

/**
 * Sets a group's offsets by the commit of a client that joined nothing, which Kafka takes while the group has no members.
 *
 * Rejects with librdkafka's error, or `kafka_unavailable` where the coordinator does not answer in time: the offsets may be set then.
 */
export async function commitForGroup(
  connection: KafkaConnection,
  groupId: string,
  offsets: readonly TopicPartitionOffset[],
  timeoutMs: number,
): Promise<void> {
  const client = new NativeClient(settings(connection, groupId), SILENT);
  try {
    await client.connect(timeoutMs);
    await answered(client, client.commit(offsets), timeoutMs);
  } finally {
    await client.close();
  }
}

/**
 * A group's committed offsets, by a client that joined nothing, once no transaction is about to change them (KIP-447).
 *
 * A partition with such a transaction is answered with an error and no offset: taken as "none committed" it would have a successor do
 * the work again. Not by the admin client: librdkafka (2.15) ends the process where its request to a coordinator, given up by then, meets
 * the coordinator later (a use of freed memory that it asserts upon: `eonce->refcnt > 0`).
 */
export async function stableOffsets(
  connection: KafkaConnection,
  groupId: string,
  partitions: readonly TopicPartition[],
  timeoutMs: number,
): Promise<TopicPartitionOffset[]> {
  if (partitions.length === 0) return [];
  const deadline = Date.now() + timeoutMs;
  const client = new NativeClient(settings(connection, groupId), SILENT);
  try {
    await client.connect(timeoutMs);
    for (;;)
      try {
        return await client.committed(partitions, Math.max(1, deadline - Date.now()));
      } catch (error) {
        if (classify(error).code !== 'offsets_unstable' || Date.now() > deadline) throw error;
        await wait(STABLE_POLL_MS);
      }
  } finally {
    await client.close();
  }
}

/** What a group has committed, of all topics, as it is now: a transaction that is about to change it is not waited for. By kafkajs, see above. */
export async function committedOffsets(admin: Admin, groupId: string): Promise<TopicPartitionOffset[]> {
  const topics = await admin.fetchOffsets({ groupId });
  return topics.flatMap(({ topic, partitions }) =>
    partitions.flatMap(({ partition, offset }) =>
      Number(offset) < 0 ? [] : [{ topic, partition, offset: Number(offset) }],
    ),
  );
}

/** The coordinator's answer reaches JavaScript by polling alone, and nobody else polls this client. */
async function answered(client: NativeClient, commit: Promise<void>, timeoutMs: number): Promise<void> {
  const pause = new Wake();
  const outcome: { settled: boolean } = { settled: false };
  const settle = (): void => {
    outcome.settled = true;
    pause.call();
  };
  commit.then(settle, settle);
  for (const deadline = Date.now() + timeoutMs; !outcome.settled && Date.now() < deadline;) {
    await client.consume(1);
    if (!outcome.settled) await pause.wait(POLL_INTERVAL_MS);
  }
  if (!outcome.settled)
    throw new KafkaAdminError(`no answer to a commit within ${timeoutMs} ms`, { code: 'kafka_unavailable' });
  await commit;
}
