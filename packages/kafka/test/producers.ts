import { classify } from '@weir/errors';

import { type ProducerOptions, RecordProducer } from '../src/index.js';
import { brokerProxy, type BrokerProxy, connectionTo } from './clients.js';

const opened: RecordProducer[] = [];
const proxies: BrokerProxy[] = [];

/** Started, and closed by `closeAll`. */
export async function producer(
  options: Partial<ProducerOptions> = {},
  bootstrapServers?: string,
): Promise<RecordProducer> {
  const made = new RecordProducer(connectionTo(bootstrapServers), {
    name: 'test',
    compression: 'lz4',
    lingerMs: 1,
    deliveryTimeoutMs: 30_000,
    ...(bootstrapServers === undefined && { connectWaitMs: 30_000 }),
    maxQueuedRecords: 10_000,
    maxQueuedBytes: 10_000_000,
    ...options,
  });
  opened.push(made);
  await made.start();
  return made;
}

/** A broker that may be taken away; closed by `closeAll`. */
export async function proxy(): Promise<BrokerProxy> {
  const made = await brokerProxy();
  proxies.push(made);
  return made;
}

/** For `afterEach`. */
export async function closeAll(): Promise<void> {
  await Promise.all(opened.splice(0).map((each) => each.close(100)));
  await Promise.all(proxies.splice(0).map((each) => each.close()));
}

/** What became of a send: `delivered`, or the code of its rejection. */
export const codeOf = (sent: Promise<void>): Promise<string> =>
  sent.then(
    () => 'delivered',
    (error: unknown) => classify(error).code,
  );
