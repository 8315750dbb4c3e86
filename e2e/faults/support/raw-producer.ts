import { RecordProducer } from '@weir/kafka';

import { kafkaConnection } from '../../support/system.js';

/** One that sends whatever it is given, as a producer would that is not Weir's. */
export async function rawProducer(): Promise<RecordProducer> {
  const producer = new RecordProducer(kafkaConnection(), {
    name: 'raw',
    compression: 'none',
    lingerMs: 1,
    deliveryTimeoutMs: 30_000,
    connectWaitMs: 30_000,
    maxQueuedRecords: 20_000,
    maxQueuedBytes: 20_000_000,
  });
  await producer.start();
  return producer;
}
