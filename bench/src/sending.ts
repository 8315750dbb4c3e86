import { RecordProducer } from '@weir/kafka';
import { engines } from '@weir/testing';

/** So many records are handed over at once, and so many times before the first have arrived. */
const CHUNK_RECORDS = 5_000;
const UNDER_WAY = 4;

/** Sends `count` records as quickly as the brokers take them: `chunk` sends `length` of them, those from number `at` on. */
export async function sendInChunks(
  count: number,
  chunk: (producer: RecordProducer, at: number, length: number) => Promise<void>,
): Promise<void> {
  const producer = new RecordProducer(
    { bootstrapServers: engines().kafka.bootstrapServers, clientId: 'bench', securityProtocol: 'PLAINTEXT' },
    {
      name: 'fill',
      compression: 'lz4',
      lingerMs: 5,
      deliveryTimeoutMs: 30_000,
      connectWaitMs: 30_000,
      maxQueuedRecords: 2 * UNDER_WAY * CHUNK_RECORDS,
      maxQueuedBytes: 1e9,
    },
  );
  await producer.start();
  try {
    let underWay: Promise<void>[] = [];
    for (let at = 0; at < count; at += CHUNK_RECORDS) {
      underWay.push(chunk(producer, at, Math.min(CHUNK_RECORDS, count - at)));
      if (underWay.length === UNDER_WAY) await Promise.all(underWay.splice(0));
    }
    await Promise.all(underWay);
  } finally {
    await producer.close(30_000);
  }
}
