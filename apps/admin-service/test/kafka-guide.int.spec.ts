import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RecordProducer } from '@weir/kafka';
import { uniqueName } from '@weir/testing';
import { metricsDlq } from '@weir/topics';

import { AdminApp } from './support/admin-app.js';
import { connection } from './support/cluster-bench.js';
import { lasting, readGuide, runCommand } from './support/guide.js';

const guide = readGuide('guides/kafka.md');
/** What is another each time, or on another cluster. */
const CHANGING =
  /^(?:topicId|replicationFactor|offsets|messagesPerSecond|nextCursor|timestamp|assignor|behindMs|id|messages\.text)$/;

describe('docs/guides/kafka.md', () => {
  const group = uniqueName('dlq-report');
  let admin: AdminApp;
  beforeAll(async () => {
    admin = await AdminApp.start();
    const topic = admin.topics.name(metricsDlq);
    const producer = new RecordProducer(connection(), {
      name: 'guide',
      compression: 'lz4',
      lingerMs: 1,
      deliveryTimeoutMs: 30_000,
      connectWaitMs: 30_000,
      maxQueuedRecords: 10,
      maxQueuedBytes: 1_000_000,
    });
    await producer.start();
    const headers = [{ key: 'source', value: Buffer.from('guide') }];
    await producer.send([{ topic, partition: 0, key: 'k', value: Buffer.from('{"hello":"operators"}'), headers }]);
    await producer.close(1_000);
    await admin.kafka.setOffsets(group, [{ topic, partition: 0, offset: 0 }]);
  });
  afterAll(() => admin.close());

  /** The guide names topics and groups as an installation of its own would. */
  const here = (command: string): string =>
    command
      .replaceAll(/metrics\.dlq|audit\.log/g, (name) => admin.topics.name({ name }))
      .replaceAll('dlq-report', group);
  const there = (said: string): string =>
    said
      .replaceAll(admin.topics.name({ name: metricsDlq.name }).replace(metricsDlq.name, ''), '')
      .replaceAll(group, 'dlq-report');

  it('shows commands that answer as it says, in its order', async () => {
    expect(guide.steps.length).toBeGreaterThan(4);
    for (const { command, answer } of guide.steps) {
      const said = there(await runCommand(here(command), { ADMIN: admin.url, KEY: admin.adminKey }));
      expect(lasting(JSON.parse(said), CHANGING)).toEqual(lasting(JSON.parse(answer), CHANGING));
    }
  });
});
