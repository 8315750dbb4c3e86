/** A member of a group in a process of its own, so that it can be killed: prints each batch that it gets, and settles it after a while. */
import { setTimeout as wait } from 'node:timers/promises';

import { BatchConsumer } from '../src/index.js';

const [bootstrapServers = '', groupId = '', topic = '', settleAfterMs = '0'] = process.argv.slice(2);
const consumer = new BatchConsumer(
  { bootstrapServers, clientId: 'child', securityProtocol: 'PLAINTEXT' },
  {
    groupId,
    topics: [topic],
    maxRecords: 10,
    sessionTimeoutMs: 6_000,
    maxPollIntervalMs: 6_500,
    handler: async ({ records }) => {
      process.stdout.write(`${records.map((record) => `${record.partition}:${record.offset}`).join(' ')}\n`);
      await wait(Number(settleAfterMs));
    },
  },
);
await consumer.start();
