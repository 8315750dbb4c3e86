/**
 * The limit of writing records to Kafka from Node: librdkafka's producer with acks=all and idempotence, values that were encoded before,
 * and no report for a record that arrived: a producer sends some thousand, waits until the brokers have them all, and goes on.
 */
import kafka, { type LibrdKafkaError, type Producer } from '@confluentinc/kafka-javascript';

import { sampleEncoder } from '../encoded.js';
import { sampleAt, SERIES } from '../samples.js';
import { serveRounds } from './rounds.js';

/** While one waits for the brokers others produce. */
const PRODUCERS = 4;
const EPOCH_RECORDS = 2_000;
const FLUSH_TIMEOUT_MS = 30_000;

const { BENCH_BROKERS = '', BENCH_REGISTRY = '', BENCH_TOPIC = '', BENCH_TENANT = '' } = process.env;

export interface ProducerWork {
  readonly seconds: number;
}

export interface ProducerDone {
  readonly records: number;
  readonly seconds: number;
}

interface Ready {
  readonly key: string;
  readonly value: Buffer;
}

const epoch = await encoded();
const producers = await Promise.all(Array.from({ length: PRODUCERS }, connected));

serveRounds(async ({ seconds }: ProducerWork): Promise<ProducerDone> => {
  const began = performance.now();
  const until = began + seconds * 1_000;
  const counts = await Promise.all(producers.map((producer) => produceUntil(producer, until)));
  return { records: counts.reduce((sum, count) => sum + count), seconds: (performance.now() - began) / 1_000 };
});

async function produceUntil(producer: Producer, until: number): Promise<number> {
  let count = 0;
  while (performance.now() < until) {
    for (const { key, value } of epoch) producer.produce(BENCH_TOPIC, -1, value, key);
    await flushed(producer);
    count += epoch.length;
  }
  return count;
}

function flushed(producer: Producer): Promise<void> {
  return new Promise((resolve, reject) => {
    producer.flush(FLUSH_TIMEOUT_MS, (error: LibrdKafkaError | null) =>
      error === null ? resolve() : reject(new Error(error.message)),
    );
  });
}

function connected(): Promise<Producer> {
  const producer = new kafka.Producer({
    'bootstrap.servers': BENCH_BROKERS,
    'request.required.acks': -1,
    'enable.idempotence': true,
    'compression.codec': 'lz4',
    'linger.ms': 2,
    'queue.buffering.max.messages': 100_000,
    dr_cb: true,
    'delivery.report.only.error': true,
  });
  producer.on('delivery-report', (error) => {
    if (error !== null) throw new Error(`A record did not arrive: ${error.message}`);
  });
  return new Promise((resolve, reject) => {
    producer.connect({}, (error: LibrdKafkaError | null) =>
      error === null ? resolve(producer) : reject(new Error(error.message)),
    );
  });
}

async function encoded(): Promise<Ready[]> {
  const encode = await sampleEncoder(BENCH_REGISTRY, BENCH_TENANT);
  const nowMs = Date.now();
  const samples = Array.from({ length: EPOCH_RECORDS }, (_, n) => sampleAt(n, nowMs));
  return encode(samples).map((value, n) => ({ key: `series-${n % SERIES}`, value }));
}
