import kafka, { type Message } from '@confluentinc/kafka-javascript';
import { engines, eventually, uniqueName } from '@weir/testing';
import { createServer, connect, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

import type { ConsumedRecord, KafkaConnection } from '../src/index.js';
import { clientSettings } from '../src/clients/client-settings.js';
import { nativeCall } from '../src/clients/native-call.js';
import { toConsumedRecord } from '../src/clients/consumed-record.js';
import { signal } from './kafka-fixture.js';

/** The engines' broker, or another address of it. */
export const connectionTo = (bootstrapServers = engines().kafka.bootstrapServers): KafkaConnection => ({
  bootstrapServers,
  clientId: 'test',
  securityProtocol: 'PLAINTEXT',
});

/** A topic of this test alone, which the broker knows by now. */
export async function freshTopic(
  prefix: string,
  {
    partitions = 1,
    config = {},
    name = uniqueName(prefix),
  }: { partitions?: number; config?: Record<string, string>; name?: string } = {},
): Promise<string> {
  const admin = kafka.AdminClient.create(clientSettings(connectionTo()));
  try {
    const topic = { topic: name, num_partitions: partitions, replication_factor: 1, config };
    await nativeCall((done) => admin.createTopic(topic, 10_000, (error) => done(error, undefined)));
    await eventually(
      () => nativeCall<kafka.TopicDescription[]>((done) => admin.describeTopics([name], { timeout: 10_000 }, done)),
      ([found]) =>
        found?.partitions.length === partitions && found.partitions.every(({ leader }) => leader !== undefined),
    );
  } finally {
    admin.disconnect();
  }
  return name;
}

/** All that is in the topic at this moment, partition by partition, as a reader of the given isolation sees it. */
export async function readAll(
  topic: string,
  {
    partitions = 1,
    isolation = 'read_committed',
  }: { partitions?: number; isolation?: 'read_committed' | 'read_uncommitted' } = {},
): Promise<ConsumedRecord[]> {
  const consumer = new kafka.KafkaConsumer({
    ...clientSettings(connectionTo()),
    'group.id': 'reads-without-a-group',
    'enable.auto.commit': false,
    'enable.partition.eof': true,
    'isolation.level': isolation,
    'fetch.wait.max.ms': 50,
  });
  await nativeCall((done) => consumer.connect({ timeout: 10_000 }, done));
  const ended = new Set<number>();
  consumer.on('partition.eof', ({ partition }) => ended.add(partition));
  consumer.setDefaultConsumeTimeout(50);
  consumer.assign(Array.from({ length: partitions }, (_, partition) => ({ topic, partition, offset: 0 })));
  const records: ConsumedRecord[] = [];
  while (ended.size < partitions) {
    const messages = await nativeCall<Message[]>((done) => consumer.consume(1_000, done));
    records.push(...messages.map(toConsumedRecord));
  }
  await new Promise<void>((resolve) => {
    consumer.disconnect(() => resolve());
  });
  return records.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset);
}

export interface BrokerProxy {
  readonly bootstrapServers: string;
  /** Bytes of both directions stop moving, and connections stand: a network that swallows. */
  stall(): void;
  /** Every connection is cut, and new ones are refused until `resume`. */
  cut(): Promise<void>;
  resume(): Promise<void>;
  close(): Promise<void>;
}

/**
 * A broker that a test may take away: a TCP proxy before the engines' one, which also puts its own port into the addresses that the
 * broker gives out, so that clients stay on it.
 */
export async function brokerProxy(): Promise<BrokerProxy> {
  const [host = '', port = ''] = engines().kafka.bootstrapServers.split(':');
  const sockets = new Set<Socket>();
  let stalled = false;
  const accept = (client: Socket): void => {
    const broker = connect(Number(port), host);
    for (const socket of [client, broker]) {
      sockets.add(socket.setNoDelay(true));
      socket.on('error', () => socket.destroy());
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('close', () => broker.destroy());
    broker.on('close', () => client.destroy());
    client.on('data', (bytes: Buffer) => {
      if (!stalled) broker.write(bytes);
    });
    broker.on('data', (bytes: Buffer) => {
      if (!stalled) client.write(withPort(bytes, Number(port), listening.port));
    });
  };
  const listening: { server: Server; port: number } = { server: createServer(accept), port: 0 };
  const listen = async (): Promise<void> => {
    listening.server = createServer(accept).listen(listening.port, '127.0.0.1');
    await once(listening.server, 'listening');
    const address = listening.server.address();
    if (typeof address === 'object' && address !== null) listening.port = address.port;
  };
  const cut = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    if (!listening.server.listening) return;
    listening.server.close();
    await once(listening.server, 'close');
  };
  await listen();
  return {
    bootstrapServers: `127.0.0.1:${listening.port}`,
    stall: () => (stalled = true),
    cut,
    resume: async () => {
      stalled = false;
      if (!listening.server.listening) await listen();
    },
    close: cut,
  };
}

/** A refusal that waits to be given, and the requests that have gone on to the broker since. */
export interface Refusal {
  readonly bootstrapServers: string;
  /** Resolves once the first ProduceRequest is there; the broker never sees it. */
  readonly refused: Promise<void>;
  /** ProduceRequests that the broker was sent after it. */
  passedOn(): number;
  /** Gives the refused one its answer, and what the broker answered after that. */
  give(): void;
  close(): void;
}

const PRODUCE = 0;
const NOT_LEADER_OR_FOLLOWER = 6;

/**
 * Before the engines' broker, a leader that is still being made when a first ProduceRequest for one partition of `topic` comes: it refuses
 * that one, and takes those behind it.
 */
export async function refusingFirst(topic: string): Promise<Refusal> {
  const [host = '', port = ''] = engines().kafka.bootstrapServers.split(':');
  const sockets = new Set<Socket>();
  const kept: (() => void)[] = [];
  let [isRefused, isGiven, passedOn] = [false, false, 0];
  const refused = signal();
  const server = createServer((client) => {
    const broker = connect(Number(port), host);
    let unread = Buffer.alloc(0);
    let isHeld = false;
    for (const socket of [client, broker]) sockets.add(socket.setNoDelay(true).on('error', () => socket.destroy()));
    client.on('data', (bytes: Buffer) => {
      unread = Buffer.concat([unread, bytes]);
      while (unread.length >= 4 && unread.length >= 4 + unread.readInt32BE()) {
        const request = unread.subarray(0, 4 + unread.readInt32BE());
        unread = unread.subarray(request.length);
        if (request.readInt16BE(4) === PRODUCE && request.includes(topic)) {
          if (!isRefused) {
            [isRefused, isHeld] = [true, true];
            kept.push(() => client.write(refusalOf(topic, request.readInt32BE(8))));
            refused.give();
            continue;
          }
          passedOn += 1;
        }
        broker.write(request);
      }
    });
    broker.on('data', (bytes: Buffer) => {
      const answer = (): unknown => client.write(withPort(bytes, Number(port), addressOf(server)));
      if (isHeld && !isGiven) kept.push(answer);
      else answer();
    });
    client.on('close', () => broker.destroy());
    broker.on('close', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    bootstrapServers: `127.0.0.1:${addressOf(server)}`,
    refused: refused.promise,
    passedOn: () => passedOn,
    give: () => {
      isGiven = true;
      for (const answer of kept.splice(0)) answer();
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function addressOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** A ProduceResponse of version 9 or 10 for partition 0 (Kafka protocol guide: length, correlation id, tags, topics, throttle time). */
function refusalOf(topic: string, correlationId: number): Buffer {
  const name = Buffer.from(topic);
  const body = Buffer.concat([
    int32(correlationId),
    Buffer.from([0, 2, name.length + 1]),
    name,
    Buffer.from([2]),
    int32(0),
    Buffer.from([0, NOT_LEADER_OR_FOLLOWER]),
    // No base offset, no append time, no log start offset: three INT64 of -1.
    Buffer.alloc(24, 0xff),
    // No record's error, no message, no tags of the partition, none of the topic.
    Buffer.from([1, 0, 0, 0]),
    int32(0),
    Buffer.from([0]),
  ]);
  return Buffer.concat([int32(body.length), body]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** In a Metadata or FindCoordinator response an address is a length, the host's bytes and the port as INT32. */
function withPort(bytes: Buffer, from: number, to: number): Buffer {
  const host = Buffer.from('127.0.0.1');
  for (let at = bytes.indexOf(host); at >= 0; at = bytes.indexOf(host, at + 1)) {
    const portAt = at + host.length;
    if (portAt + 4 <= bytes.length && bytes.readInt32BE(portAt) === from) bytes.writeInt32BE(to, portAt);
  }
  return bytes;
}
