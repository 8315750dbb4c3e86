import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, type Type } from '@nestjs/common';
import type { RecordBatch, RecordProducer, Stall, TopicPartition, TopicPartitionOffset } from '@weir/kafka';
import { eventually, uniqueName } from '@weir/testing';
import { metricsRaw } from '@weir/topics';

import { AssignmentHandler, BatchHandler, BatchTransport, type KafkaModuleOptions } from '../src/index.js';
import { boot, type Booted, PRODUCER, topicsWith } from './app-fixture.js';
import { createTopic, groupOffset } from './outside.js';

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

let booted: Booted | null = null;
let topic = '';
let group = '';

async function start(options: Partial<KafkaModuleOptions> = {}, controllers: Type[] = [Handler]): Promise<Booted> {
  booted = await boot({ topics: topicsWith(topic), consumerGroup: group, controllers, ...options });
  return booted;
}

const send = ({ app }: Booted, ...values: string[]): Promise<void> =>
  app
    .get<RecordProducer>(PRODUCER)
    .send(values.map((value) => ({ topic, key: null, value: Buffer.from(value), partition: 0 })));

const transportOf = ({ app }: Booted): BatchTransport => app.get(BatchTransport);

const committed = (offset: number): Promise<number> =>
  eventually(
    () => groupOffset(group, topic),
    (found) => found === offset,
  );

beforeAll(async () => {
  topic = await createTopic(uniqueName('nest'));
  group = uniqueName('group');
});
afterEach(async () => {
  await booted?.app.close();
  booted = null;
  failing = false;
});

describe('BatchTransport', () => {
  it('hands batches to the decorated method, asks it where to start, and commits when it resolves', async () => {
    await send(await start(), 'a', 'b', 'c');
    await eventually(
      () => handled.length,
      (n) => n === 3,
    );
    expect(handled).toEqual(['a', 'b', 'c']);
    // More than once where the group takes long to say where it is.
    expect(asked.length).toBeGreaterThan(0);
    expect(asked).toEqual(asked.map(() => ({ topic, partition: 0 })));
    await committed(3);
  });

  it('keeps the offset where the method throws, is not ready and says why, and goes on once it resolves', async () => {
    failing = true;
    const started = await start();
    await send(started, 'd');
    const consumer = transportOf(started).consumer(metricsRaw);
    await eventually(
      () => consumer.state,
      (state) => state.status === 'waiting',
    );
    expect(await groupOffset(group, topic)).toBe(3);
    await eventually(
      () => started.health.readiness(),
      ({ reasons }) => reasons.includes('consumer'),
    );
    failing = false;
    await committed(4);
    expect(handled.at(-1)).toBe('d');
    await eventually(
      () => started.health.readiness(),
      ({ ready }) => ready,
    );
  });

  it('commits what is settled and leaves the group when the app closes', async () => {
    const started = await start();
    await send(started, 'e');
    await eventually(
      () => handled.at(-1),
      (last) => last === 'e',
    );
    await started.app.close();
    booted = null;
    expect(await groupOffset(group, topic)).toBe(5);
    expect(transportOf(started).states.get(metricsRaw.name)).toMatchObject({ status: 'stopped' });
  });

  it('boots without Kafka where it is disabled: no consumer, and sends are refused', async () => {
    const started = await start({ enabled: false });
    expect(transportOf(started).states.size).toBe(0);
    expect(() => transportOf(started).consumer(metricsRaw)).toThrow(
      expect.objectContaining({ code: 'kafka_disabled' }),
    );
    await expect(send(started, 'x')).rejects.toMatchObject({ code: 'kafka_disabled' });
  });

  it('tells what its clients do in the metrics of the catalogue', async () => {
    const started = await start();
    await send(started, 'f');
    await committed(6);
    const scraped = await eventually(
      () => started.metrics.scrape(),
      (text) => text.includes('kafka_connection_status{component="admin"} 1'),
    );
    for (const line of [
      `kafka_messages_produced_total{topic="${topic}",message_type="metrics.raw-value",status="success"} 1`,
      `kafka_messages_consumed_total{topic="${topic}",group="${group}"} 1`,
      'kafka_connection_status{component="producer"} 1',
      'kafka_connection_status{component="consumer"} 1',
      'weir_kafka_producer_queue_records{producer="test"} 0',
      'weir_kafka_producer_queue_bytes{producer="test"} 0',
    ])
      expect(scraped).toContain(line);
  });

  it('tells of records that are fetched before their batch is handed over', async () => {
    const started = await start();
    const fetched: { value: string; handled: boolean }[] = [];
    transportOf(started).whenFetched(metricsRaw, (records) => {
      for (const { value } of records) fetched.push({ value: String(value), handled: handled.includes(String(value)) });
    });
    const values = ['fetched first', 'fetched second'];
    await send(started, ...values);
    await eventually(() => values.every((value) => handled.includes(value)));
    expect(fetched).toEqual(values.map((value) => ({ value, handled: false })));
  });
});

describe('BatchTransport, where a handler is not as it should be', () => {
  it('refuses a second handler of the same topic, which would get each batch as well', async () => {
    @Controller()
    class Second {
      @BatchHandler(metricsRaw)
      handle(): Promise<void> {
        return Promise.resolve();
      }
    }
    await expect(start({}, [Handler, Second])).rejects.toThrow('two handlers');
  });

  it('reads nothing while the assignment handler answers what is no offset', async () => {
    const seen: string[] = [];
    @Controller()
    class Confused {
      @BatchHandler(metricsRaw, { groupId: uniqueName('group') })
      handle({ records }: RecordBatch): Promise<void> {
        seen.push(...records.map((record) => String(record.value)));
        return Promise.resolve();
      }

      @AssignmentHandler(metricsRaw)
      starts(partitions: readonly TopicPartition[]): Promise<TopicPartitionOffset[]> {
        return Promise.resolve(partitions.map((partition) => ({ ...partition, offset: Number.NaN })));
      }
    }
    const started = await start({}, [Confused]);
    await eventually(
      () => transportOf(started).states.get(metricsRaw.name),
      (state) => state?.status === 'waiting' && state.reason === 'unknown',
    );
    expect(seen).toEqual([]);
  });

  it('tells the owner of the process once a handler hangs, and is not ready', async () => {
    const stalls: Stall[] = [];
    @Controller()
    class Hanging {
      @BatchHandler(metricsRaw, { groupId: uniqueName('group'), stallTimeoutMs: 5_000 }) // what is fetched reaches it much sooner
      handle({ signal }: RecordBatch): Promise<void> {
        return new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new Error('told to give up')));
        });
      }
    }
    const started = await start({ onStall: (stall) => stalls.push(stall), drainTimeoutMs: 100 }, [Hanging]);
    await send(started, 'g');
    await eventually(() => stalls.length === 1);
    expect(stalls[0]).toMatchObject({ kind: 'handler' });
    expect(await started.health.check('consumer')).toMatchObject({
      status: 'unhealthy',
      consumers: { [metricsRaw.name]: { status: 'failed', reason: 'stalled' } },
    });
  });
});
