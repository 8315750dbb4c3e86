import kafka, { type LibrdKafkaError } from '@confluentinc/kafka-javascript';
import { KafkaAdminError } from '@weir/errors';
import { setTimeout as wait } from 'node:timers/promises';

import type { KafkaConnection } from '../../connection.js';
import type { TopicPartition, TopicPartitionOffset } from '../../records.js';
import { clientSettings } from '../client-settings.js';
import { NativeClient } from '../consumer/native-client.js';
import { Wake } from '../consumer/wake.js';
import { adminError } from './admin-errors.js';
import type { NativeAdmin } from './native-admin.js';

const { ERR_UNSTABLE_OFFSET_COMMIT } = kafka.CODES.ERRORS;

const nothing = (): void => undefined;
const POLL_INTERVAL_MS = 20;
const STABLE_POLL_MS = 50;

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
  const settings = { ...clientSettings(connection), 'group.id': groupId, 'enable.auto.commit': false };
  const client = new NativeClient(settings, { rebalance: nothing, error: nothing, readable: nothing });
  try {
    await client.connect(timeoutMs);
    await answered(client, client.commit(offsets), timeoutMs);
  } finally {
    await client.close();
  }
}

interface GroupOffsets {
  readonly error?: LibrdKafkaError;
  readonly partitions: readonly (TopicPartitionOffset & { readonly error?: LibrdKafkaError })[];
}

/**
 * A group's committed offsets, for all that it has unless partitions are given, once no transaction is about to change them (KIP-447).
 *
 * A partition with such a transaction is answered with an error and no offset: taken as "none committed" it would have a successor do
 * the work again.
 */
export async function stableOffsets(
  admin: NativeAdmin,
  groupId: string,
  partitions: readonly TopicPartition[] | undefined,
  timeoutMs: number,
): Promise<TopicPartitionOffset[]> {
  if (partitions?.length === 0) return [];
  const asked = { groupId, ...(partitions !== undefined && { partitions: [...partitions] }) };
  const operation = `offsets of ${groupId}`;
  for (const deadline = Date.now() + timeoutMs; ;) {
    const [answer] = await admin.call<GroupOffsets[]>(operation, (client, done) =>
      client.listConsumerGroupOffsets([asked], { timeout: timeoutMs, requireStableOffsets: true }, done),
    );
    const { partitions: found = [], error: groupError } = answer ?? {};
    const error = groupError ?? found.find((at) => at.error !== undefined)?.error;
    if (error === undefined)
      return found.flatMap(({ topic, partition, offset }) => (offset < 0 ? [] : [{ topic, partition, offset }]));
    if (error.code !== ERR_UNSTABLE_OFFSET_COMMIT || Date.now() > deadline) throw adminError(operation, error);
    await wait(STABLE_POLL_MS);
  }
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
