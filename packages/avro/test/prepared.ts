import { engines, uniqueName } from '@weir/testing';

import {
  AvroDecoder,
  MetricEventEncoder,
  SchemaVersion,
  connectSchemaRegistry,
  metricEventDecoder,
  newestSchema,
  subjects,
  type MetricEvent,
  type SchemaRegistryClient,
} from '../src/index.js';

/** A registry with all of Weir's metric schemas under a subject of its own, an encoder and a decoder that know them. */
export interface Prepared {
  readonly registry: SchemaRegistryClient;
  readonly subject: string;
  readonly encoder: MetricEventEncoder;
  readonly decoder: AvroDecoder<MetricEvent>;
}

export const event: MetricEvent = {
  name: 'http_requests_total',
  value: 12.5,
  timestamp: 1_704_067_200_123,
  labels: { host: 'web-1', region: 'eu' },
  environment: 'production',
  tenant_id: 'demo',
  ingested_at: 1_704_067_200_456,
};

/** A value that the types would not let through. */
export function anything<T>(value: unknown): T {
  return value as T;
}

export async function prepared(): Promise<Prepared> {
  const registry = connectSchemaRegistry({ url: engines().schemaRegistry.url });
  const subject = uniqueName('metric-event');
  const encoder = new MetricEventEncoder(registry, { subject, autoRegister: true });
  const decoder = metricEventDecoder(registry, { anchor: { ...subjects.metricsRaw, subject } });
  for (const version of Object.values(SchemaVersion)) {
    await encoder.ready(version);
    await decoder.prepare(encoder.encode([event], version));
  }
  return { registry, subject, encoder, decoder };
}

/** A decoder that has met a schema of somebody else, and a function that frames a body as written with it. */
export async function writtenWith(
  schema: object,
): Promise<{ decode: (body: Buffer) => unknown; id: number; frame: (body: Buffer) => Buffer }> {
  const registry = connectSchemaRegistry({ url: engines().schemaRegistry.url });
  const id = await registry.register(uniqueName('foreign'), JSON.stringify(schema), 'BACKWARD');
  const decoder = new AvroDecoder<MetricEvent>(registry, newestSchema(subjects.metricsRaw), {
    anchor: subjects.metricsRaw,
  });
  const frame = (body: Buffer) => {
    const head = Buffer.alloc(5);
    head.writeUInt32BE(id, 1);
    return Buffer.concat([head, body]);
  };
  await decoder.prepare([frame(Buffer.alloc(0))]);
  return { decode: (body) => decoder.decode(frame(body)), id, frame };
}
