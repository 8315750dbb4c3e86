import { connectSchemaRegistry, type SchemaVersion } from '@weir/avro';
import type { RecordHeader } from '@weir/kafka';
import { type CorpusRecord, engines, readCorpus, uniqueName } from '@weir/testing';

import { event } from './events.js';
import type { TestTopics } from './topics.js';

/** A record of the corpus as it is sent. */
export interface HostileRecord {
  readonly name: string;
  /** `stored`, or the reason of its dead letter. */
  readonly expected: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];
}

/** The corpus, framed with the ids that its schemas have in this registry. */
export async function corpus(topics: Pick<TestTopics, 'encode'>): Promise<HostileRecord[]> {
  const records = readCorpus(new URL('../corpus/', import.meta.url));
  return Promise.all(records.map(async (record) => ({ ...record, value: await framed(record, topics) })));
}

async function framed({ schema, value }: CorpusRecord, topics: Pick<TestTopics, 'encode'>): Promise<Buffer | null> {
  if (schema === null || value === null) return value;
  const id = typeof schema === 'string' ? ownId(topics, schema) : await foreignId(schema);
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(id, 1);
  return Buffer.concat([frame, value]);
}

function ownId(topics: Pick<TestTopics, 'encode'>, version: string): number {
  const [value] = topics.encode([event()], version as SchemaVersion);
  return value?.readUInt32BE(1) ?? 0;
}

const foreignId = (schema: object): Promise<number> =>
  connectSchemaRegistry({ url: engines().schemaRegistry.url }).register(
    uniqueName('foreign'),
    JSON.stringify(schema),
    'BACKWARD',
  );
