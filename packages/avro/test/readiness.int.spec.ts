import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SchemaIncompatibleError, SchemaRegistryUnavailableError } from '@weir/errors';
import { engines, eventually, registryFaults, RegistryProxy, uniqueName } from '@weir/testing';

import { AvroEncoder, MetricEventEncoder, SchemaVersion, connectSchemaRegistry } from '../src/index.js';
import { event } from './prepared.js';

const { answering } = registryFaults;
const { url } = engines().schemaRegistry;
const schema = '{"type":"record","name":"R","fields":[{"name":"a","type":"string"}]}';

describe('an encoder', () => {
  const proxy = new RegistryProxy(url);
  let encoder: MetricEventEncoder;

  beforeEach(async () => {
    await proxy.start();
    const registry = connectSchemaRegistry({ url: proxy.url });
    encoder = new MetricEventEncoder(registry, { subject: uniqueName('metric-event'), autoRegister: true });
  });
  afterEach(async () => {
    proxy.fault = undefined;
    proxy.requests.length = 0;
    await proxy.stop();
  });

  it('waits for a registry that is down at the start, and is ready once it is up', async () => {
    await proxy.stop();
    const ready = encoder.ready(SchemaVersion.V3);
    await expect(connectSchemaRegistry({ url: proxy.url }).ping()).rejects.toBeInstanceOf(
      SchemaRegistryUnavailableError,
    );
    expect(encoder.isReady(SchemaVersion.V3)).toBe(false);
    await proxy.start();
    await ready;
    expect(encoder.encode([event], SchemaVersion.V3)).toHaveLength(1);
  });

  it('keeps waiting through answers of 500', async () => {
    proxy.fault = () => answering(500, '{"message":"starting","error_code":50001}');
    const ready = encoder.ready(SchemaVersion.V1);
    await eventually(
      () => proxy.requests.length,
      (requests) => requests >= 3,
    );
    proxy.fault = undefined;
    await ready;
    expect(encoder.isReady(SchemaVersion.V1)).toBe(true);
  });

  it('ends its waiting when it is told to', async () => {
    await proxy.stop();
    await expect(encoder.ready(SchemaVersion.V3, AbortSignal.timeout(50))).rejects.toBeInstanceOf(
      SchemaRegistryUnavailableError,
    );
  });

  it('asks the registry no more once it is ready', async () => {
    await encoder.ready(SchemaVersion.V3);
    await proxy.stop();
    await encoder.ready(SchemaVersion.V3);
    expect(encoder.encode([event], SchemaVersion.V3)).toHaveLength(1);
  });

  it('registers once, however many wait for it', async () => {
    await Promise.all(Array.from({ length: 100 }, () => encoder.ready(SchemaVersion.V1)));
    expect(proxy.requests.filter((request) => request.endsWith('/versions'))).toHaveLength(1);
  });

  it('that registers nothing waits until somebody has registered its schema', async () => {
    const registry = connectSchemaRegistry({ url: proxy.url });
    const subject = uniqueName('later');
    const patient = new AvroEncoder(registry, { subject, schema, compatibility: 'BACKWARD', autoRegister: false });
    const ready = patient.ready();
    await eventually(
      () => proxy.requests.length,
      (requests) => requests >= 2,
    );
    const id = await registry.register(subject, schema, 'BACKWARD');
    await ready;
    expect(patient.encode([{ a: 'x' }])[0]?.readUInt32BE(1)).toBe(id);
  });

  it('gives up at once on a schema that the registry refuses', async () => {
    const registry = connectSchemaRegistry({ url });
    const subject = uniqueName('refused');
    await registry.register(subject, schema, 'BACKWARD');
    const other = schema.replace('"string"', '"int"');
    const hasty = new AvroEncoder(registry, {
      subject,
      schema: other,
      compatibility: 'BACKWARD',
      autoRegister: true,
    });
    await expect(hasty.ready()).rejects.toBeInstanceOf(SchemaIncompatibleError);
  });
});
