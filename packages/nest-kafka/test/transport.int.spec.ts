import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, type INestApplication, Inject, Module } from '@nestjs/common';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  type KafkaConnection,
  type RecordBatch,
  RecordProducer,
  type TopicPartition,
  type TopicPartitionOffset,
} from '@weir/kafka';
import { engines, eventually, uniqueName } from '@weir/testing';
import { metricsRaw, resolveTopics } from '@weir/topics';

import { AssignmentHandler, BatchHandler, BatchTransport, KafkaModule } from '../src/index.js';
import { createTopic, groupOffset } from './outside.js';

const PRODUCER = Symbol('producer');
const connection = (): KafkaConnection => ({
  bootstrapServers: engines().kafka.bootstrapServers,
  clientId: 'weir-test',
  securityProtocol: 'PLAINTEXT',
});

const handled: string[] = [];
const asked: TopicPartition[] = [];
let failing = false;

@Controller()
class Handler {
  @BatchHandler(metricsRaw, { maxRecords: 10 })
  handle(batch: RecordBatch): Promise<void> {
    if (failing) return Promise.reject(Object.assign(new Error('the store is away'), { code: 'ECONNREFUSED' }));
    handled.push(...batch.records.map((record) => String(record.value)));
    return Promise.resolve();
  }

  @AssignmentHandler(metricsRaw)
  starts(partitions: readonly TopicPartition[]): Promise<TopicPartitionOffset[]> {
    asked.push(...partitions);
    return Promise.resolve([]);
  }
}

let app: INestApplication | null = null;
let topic = '';
let group = '';

async function boot(enabled = true): Promise<INestApplication> {
  const topics = resolveTopics({ overrides: { [metricsRaw.name]: topic } });
  @Module({
    imports: [
      KafkaModule.forRoot({
        connection: connection(),
        enabled,
        topics,
        consumerGroup: group,
        consumer: {
          sessionTimeoutMs: 6_000,
          maxPollIntervalMs: 6_500,
          backoff: { minMs: 20, maxMs: 50 },
          lagIntervalMs: 250,
        },
      }),
      KafkaModule.producer(PRODUCER, {
        name: 'test',
        compression: 'lz4',
        lingerMs: 1,
        deliveryTimeoutMs: 5_000,
        maxQueuedRecords: 1_000,
        maxQueuedBytes: 1_000_000,
      }),
    ],
    controllers: [Handler],
  })
  class AppModule {
    constructor(@Inject(PRODUCER) readonly producer: RecordProducer) {}
  }
  const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
  const created = module.createNestApplication(new FastifyAdapter(), { logger: false });
  created.connectMicroservice<MicroserviceOptions>({ strategy: created.get(BatchTransport) });
  await created.init();
  await created.startAllMicroservices();
  app = created;
  return created;
}

beforeAll(async () => {
  topic = await createTopic(uniqueName('nest'));
});
beforeAll(() => {
  group = uniqueName('group');
});
afterEach(async () => {
  await app?.close();
  app = null;
  failing = false;
});

describe('BatchTransport', () => {
  it('hands batches to the decorated method, asks it where to start, and commits when it resolves', async () => {
    const producer = (await boot()).get<RecordProducer>(PRODUCER);
    await producer.send(
      ['a', 'b', 'c'].map((value) => ({ topic, key: null, value: Buffer.from(value), partition: 0 })),
    );
    await eventually(
      () => handled.length,
      (n) => n === 3,
    );
    expect(handled).toEqual(['a', 'b', 'c']);
    expect(asked).toEqual([{ topic, partition: 0 }]);
    await eventually(
      () => groupOffset(group, topic),
      (offset) => offset === 3,
    );
  });

  it('keeps the offset where the method throws, says why it waits, and goes on once it resolves', async () => {
    failing = true;
    const booted = await boot();
    const consumer = booted.get(BatchTransport).consumer(metricsRaw);
    await booted.get<RecordProducer>(PRODUCER).send([{ topic, key: null, value: Buffer.from('d'), partition: 0 }]);
    await eventually(
      () => consumer.state,
      (state) => state.status === 'waiting',
    );
    expect(await groupOffset(group, topic)).toBe(3);
    failing = false;
    await eventually(
      () => groupOffset(group, topic),
      (offset) => offset === 4,
    );
    expect(handled.at(-1)).toBe('d');
  });

  it('commits what is settled and leaves the group when the app closes', async () => {
    const booted = await boot();
    await booted.get<RecordProducer>(PRODUCER).send([{ topic, key: null, value: Buffer.from('e'), partition: 0 }]);
    await eventually(
      () => handled.at(-1),
      (last) => last === 'e',
    );
    const transport = booted.get(BatchTransport);
    await booted.close();
    app = null;
    expect(await groupOffset(group, topic)).toBe(5);
    expect(transport.states.get(metricsRaw.name)).toMatchObject({ status: 'stopped' });
  });

  it('boots without Kafka where it is disabled: no consumer, and sends are refused', async () => {
    const booted = await boot(false);
    expect(booted.get(BatchTransport).states.size).toBe(0);
    await expect(booted.get<RecordProducer>(PRODUCER).send([{ topic, key: null, value: null }])).rejects.toMatchObject({
      code: 'kafka_disabled',
    });
  });
});
