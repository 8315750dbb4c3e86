import { gzipSync } from 'node:zlib';

import { beforeAll, describe, expect, it } from '@jest/globals';
import { SchemaVersion } from '@weir/avro';

import { DeadLetterBench, header } from '../../test/support/dead-letter-bench.js';

let bench: DeadLetterBench;
beforeAll(async () => {
  bench = await DeadLetterBench.create();
});

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const first = async (value: Buffer) => (await bench.examine(value)).findings[0];

describe('a value that is no Confluent frame', () => {
  it.each([
    [
      'JSON',
      Buffer.from('{"a":1}'),
      'json',
      'First byte is 0x7b, which begins JSON, where a Confluent frame begins with 0x00.',
    ],
    ['JSON cut short', Buffer.from('{"a":'), 'json', 'JSON, though it is not whole'],
    ['XML', Buffer.from('<?xml version="1.0"?>'), 'xml', 'First byte is 0x3c, which begins XML or HTML'],
    [
      'text',
      Buffer.from('hello world'),
      'text',
      'First byte is 0x68, which begins a text (11 characters in its first line)',
    ],
    ['Prometheus’ text', Buffer.from('up{job="a"} 1\n'), 'text', 'Prometheus’ text format'],
    ['InfluxDB’s lines', Buffer.from('cpu,host=a value=0.64 1465839830100400200'), 'text', 'InfluxDB’s line protocol'],
    ['a metric of StatsD', Buffer.from('requests:1|c'), 'text', 'StatsD'],
    [
      'a byte order mark',
      Buffer.from('\uFEFF{"a":1}'),
      'byte_order_mark',
      '0xef 0xbb 0xbf, which begins a text with a UTF-8 byte order mark',
    ],
    ['UTF-16', Buffer.from('\uFEFF{"a":1}', 'utf16le'), 'byte_order_mark', 'After it comes 0x7b, which begins JSON'],
    ['gzip', gzipSync('{}'), 'compressed', 'First bytes are 0x1f 0x8b, which begins gzip'],
    ['zstd', hex('28b52ffd 0458'), 'compressed', 'zstd'],
    ['lz4', hex('04224d18 6440'), 'compressed', 'an lz4 frame'],
    ['snappy', hex('ff060000 734e61507059 00'), 'compressed', 'a snappy stream'],
    ['snappy of Java', hex('82534e4150505900 00'), 'compressed', 'snappy as Java writes it'],
    ['an Avro file', hex('4f626a01 0404'), 'avro_file', 'an Avro object container file'],
    ['a single object', hex('c301 0102030405060708 02'), 'avro_single_object', 'an Avro single-object encoding'],
    [
      'a GUID frame',
      hex('01 89791762233640aba53e2f4bd0d4a4a1 04'),
      'schema_guid',
      '89791762-2336-40ab-a53e-2f4bd0d4a4a1',
    ],
    ['a Java object', hex('aced0005 7372'), 'other_format', 'a serialized Java object'],
    ['Protobuf', hex('0a03 757000 11 0000000000002940 18 01'), 'protobuf', 'a Protobuf message with 3 fields'],
    ['nothing', Buffer.alloc(0), 'value_empty', 'The value has 0 bytes'],
    ['a frame cut short', hex('000000'), 'frame_cut_short', 'The value has 3 of the 5 bytes'],
    [
      'anything else',
      hex('9fff8001'),
      'not_confluent_frame',
      'First byte is 0x9f, where a Confluent frame begins with 0x00; 4 bytes in all',
    ],
  ])('is told to be %s', async (_case, value, code, words) => {
    const found = await first(value);
    expect(found).toMatchObject({ code });
    expect(found?.detail).toContain(words);
  });

  it.each([
    ['a metric', { name: 'a', value: 1, timestamp: 2 }, 'metric_as_json'],
    ['a list of metrics', [{ name: 'a', value: 1, timestamp: 2 }], 'metric_as_json'],
    ['a dead letter', { dlq_metadata: {}, source: {} }, 'dead_letter_as_value'],
    ['what Kafka Connect writes', { schema: {}, payload: {} }, 'connect_json'],
  ])('says of JSON whether it is %s', async (_case, json, code) => {
    const { findings, decoded } = await bench.examine(Buffer.from(JSON.stringify(json)));
    expect(findings.map((found) => found.code)).toEqual(['json', code]);
    expect(decoded).toEqual({ kind: 'json', value: json, partial: false });
  });

  it.each([
    ['hexadecimal', (frame: Buffer) => frame.toString('hex')],
    ['base64', (frame: Buffer) => `"${frame.toString('base64')}"`],
  ])('is told to be a frame in %s', async (encoding, encode) => {
    const found = await first(Buffer.from(encode(bench.write())));
    expect(found).toMatchObject({ code: 'encoded_frame', detail: expect.stringContaining(encoding) });
  });

  it('is told to lack its frame where it reads as a metric from the first byte', async () => {
    for (const version of Object.values(SchemaVersion)) {
      const found = await first(bench.write({}, version).subarray(5));
      expect(found).toMatchObject({ code: 'frame_missing', detail: expect.stringContaining(`MetricEvent ${version}`) });
    }
  });

  it('is told to have another first byte where the rest is a frame', async () => {
    const value = bench.write();
    value[0] = 2;
    expect(await first(value)).toMatchObject({
      code: 'wrong_magic_byte',
      byte: 0,
      detail: expect.stringContaining('schema 3'),
    });
    value[0] = 1;
    expect(await first(value)).toMatchObject({ code: 'wrong_magic_byte' });
  });

  it('is told nothing of the kind where the rest is no frame that can be read', async () => {
    const value = bench.write().subarray(0, 40);
    value[0] = 2;
    expect(await first(value)).toMatchObject({ code: 'not_confluent_frame' });
  });

  it('is found to have its schema in a header', async () => {
    const headers = [header('__value_schema_id', Buffer.alloc(17, 1))];
    const { findings } = await bench.examine(bench.write().subarray(5), { headers });
    expect(findings.map(({ code }) => code)).toEqual(['frame_missing', 'schema_in_header']);
  });

  it('is shown as text where it is text, and as bytes where not', async () => {
    expect((await bench.examine(Buffer.from('ümlaut'))).decoded).toEqual({
      kind: 'text',
      text: 'ümlaut',
      partial: false,
    });
    expect((await bench.examine(hex('9fff8001'))).decoded).toEqual({ kind: 'bytes' });
    expect((await bench.examine(null, { reason: 'null_value' })).decoded).toEqual({ kind: 'tombstone' });
  });

  it('is no cause to quote what it says: only whoever may see the payload may read that', async () => {
    const secret = 's3cr3t-value';
    const values = [secret, `{"authorization":"${secret}"}`, `<a>${secret}</a>`, `up{key="${secret}"} 1`];
    for (const value of values) {
      const headers = [
        header('authorization', secret),
        header('x-api-key', secret),
        header('__value_schema_id', secret),
      ];
      const { findings } = await bench.examine(Buffer.from(value), { headers });
      expect(JSON.stringify(findings)).not.toContain(secret);
    }
  });
});
