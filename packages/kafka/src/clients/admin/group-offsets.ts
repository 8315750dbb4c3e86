import { KafkaAdminError } from '@weir/errors';

import type { KafkaConnection } from '../../connection.js';
import type { TopicPartitionOffset } from '../../records.js';
import { clientSettings } from '../client-settings.js';
import { NativeClient } from '../consumer/native-client.js';
import { Wake } from '../consumer/wake.js';

const nothing = (): void => undefined;
const POLL_INTERVAL_MS = 20;

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
