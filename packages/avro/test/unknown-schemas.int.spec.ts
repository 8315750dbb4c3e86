import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RecordDecodeError } from '@weir/errors';
import { engines, registryFaults, RegistryProxy, uniqueName } from '@weir/testing';

import { AvroEncoder, connectSchemaRegistry, metricEventDecoder, subjects, type AvroDecoder } from '../src/index.js';
import { event } from './prepared.js';

const { silent, wiped } = registryFaults;
const { url } = engines().schemaRegistry;
const NEVER_GIVEN_OUT = 2_000_000_000;
const unavailable = { code: 'schema_registry_unavailable', retryable: true };

describe('a decoder, meeting schema ids', () => {
  const proxy = new RegistryProxy(url);
  const registry = () => connectSchemaRegistry({ url: proxy.url, requestTimeoutMs: 5_000 });
  let subject: string;
  let now: number;
  let decoder: AvroDecoder<unknown>;
  let known: Buffer;

  beforeEach(async () => {
    await proxy.start();
    subject = uniqueName('metric-event');
    now = 0;
    decoder = decoderOf(subject);
    const [, , newest] = subjects.metricsRaw.versions;
    const encoder = new AvroEncoder(connectSchemaRegistry({ url }), {
      subject,
      schema: newest?.schema ?? '',
      compatibility: 'BACKWARD',
      autoRegister: true,
    });
    await encoder.ready();
    [known = Buffer.alloc(0)] = encoder.encode([event]);
  });
  afterEach(async () => {
    proxy.fault = undefined;
    proxy.requests.length = 0;
    await proxy.stop();
  });

  function decoderOf(anchor: string): AvroDecoder<unknown> {
    return metricEventDecoder(registry(), { anchor: { ...subjects.metricsRaw, subject: anchor }, now: () => now });
  }

  function withId(id: number): Buffer {
    const value = Buffer.from(known);
    value.writeUInt32BE(id, 1);
    return value;
  }

  it('asks once for a batch of one schema, and never again', async () => {
    expect(decoder.reads(known)).toBe(false);
    await Promise.all([decoder.prepare(Array.from({ length: 1_000 }, () => known)), decoder.prepare([known, null])]);
    await proxy.stop();
    await decoder.prepare([known]);
    expect(decoder.decode(known)).toEqual(event);
    expect(proxy.requests).toHaveLength(1);
    await proxy.start();
  });

  it('asks nobody about bytes that name no schema', async () => {
    await proxy.stop();
    for (const value of [Buffer.alloc(0), Buffer.from('{}'), Buffer.from([1, 0, 0, 0, 1, 2]), Buffer.alloc(9, 0xff)]) {
      expect(decoder.reads(value)).toBe(true);
      expect(decoder.decode(value)).toMatchObject({ reason: 'frame' });
    }
    const tooHigh = withId(0x80_00_00_00);
    expect(decoder.reads(tooHigh)).toBe(true);
    expect(decoder.decode(tooHigh)).toMatchObject({ reason: 'unknown_schema', schemaId: 0x80_00_00_00 });
    expect(proxy.requests).toHaveLength(0);
  });

  it('rejects while the registry is away, and decodes once it is back', async () => {
    await proxy.stop();
    await expect(decoder.prepare([known])).rejects.toMatchObject(unavailable);
    await proxy.start();
    await decoder.prepare([known]);
    expect(decoder.decode(known)).toEqual(event);
  });

  it('remembers every id of a batch until it is read, however many the registry lacks', async () => {
    const few = metricEventDecoder(registry(), { anchor: { ...subjects.metricsRaw, subject }, maxUnknown: 2 });
    const batch = Array.from({ length: 10 }, (_, n) => withId(NEVER_GIVEN_OUT + n));
    await few.prepare(batch.slice(0, 2));
    await few.prepare(batch);
    for (const value of batch) expect(few.decode(value)).toMatchObject({ reason: 'unknown_schema' });
    await few.prepare([known]);
    expect(few.decode(known)).toEqual(event);
  });

  it('reads what it knows while the registry does not answer', async () => {
    await decoder.prepare([known]);
    proxy.fault = () => silent;
    await decoder.prepare([known]);
    expect(decoder.decode(known)).toEqual(event);
    await expect(decoder.prepare([known, withId(NEVER_GIVEN_OUT)])).rejects.toMatchObject(unavailable);
  });

  it('calls a schema unknown where a live registry, which has Weir’s own, says so', async () => {
    const value = withId(NEVER_GIVEN_OUT);
    await decoder.prepare([value, known]);
    expect(decoder.decode(value)).toMatchObject({ reason: 'unknown_schema', schemaId: NEVER_GIVEN_OUT });
    expect(decoder.decode(known)).toEqual(event);
  });

  it('waits and blames no record where the registry has none of Weir’s schemas', async () => {
    const stranger = decoderOf(uniqueName('never-registered'));
    await expect(stranger.prepare([withId(NEVER_GIVEN_OUT)])).rejects.toMatchObject(unavailable);
  });

  it('waits and blames no record where the registry has lost everything', async () => {
    proxy.fault = () => wiped;
    await expect(decoder.prepare([known])).rejects.toMatchObject(unavailable);
  });

  it('waits and blames no record where the registry lost an id that it gave before, and has Weir’s schema under another', async () => {
    await decoder.prepare([known]);
    proxy.fault = ({ method }) => (method === 'GET' ? wiped : undefined);
    await expect(decoder.prepare([withId(NEVER_GIVEN_OUT)])).rejects.toMatchObject(unavailable);
  });

  it('believes an unknown id for half a minute, and then asks again', async () => {
    const value = withId(NEVER_GIVEN_OUT);
    await decoder.prepare([value]);
    const asked = proxy.requests.length;
    now += 29_999;
    await decoder.prepare([value]);
    expect(proxy.requests).toHaveLength(asked);
    now += 2;
    await decoder.prepare([value]);
    expect(proxy.requests.length).toBeGreaterThan(asked);
    expect(decoder.decode(value)).toBeInstanceOf(RecordDecodeError);
  });

  it('reads an id that was unknown once it is registered', async () => {
    const id = known.readUInt32BE(1);
    proxy.fault = ({ url: path }) => (path?.endsWith(`/schemas/ids/${id}`) === true ? wiped : undefined);
    await decoder.prepare([known]);
    expect(decoder.decode(known)).toMatchObject({ reason: 'unknown_schema' });
    proxy.fault = undefined;
    now += 30_001;
    await decoder.prepare([known]);
    expect(decoder.decode(known)).toEqual(event);
  });

  it('asks for few of many unknown ids at once, and settles them all', async () => {
    const values = Array.from({ length: 200 }, (_, index) => withId(NEVER_GIVEN_OUT + index));
    await decoder.prepare(values);
    expect(values.every((value) => decoder.decode(value) instanceof RecordDecodeError)).toBe(true);
  });

  it('throws, and makes no dead letter, for a value that it was not prepared for', () => {
    expect(() => decoder.decode(known)).toThrow('not prepared');
  });
});
