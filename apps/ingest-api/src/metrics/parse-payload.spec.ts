import { describe, expect, it } from '@jest/globals';

import { parsePayload } from './parse-payload.js';
import type { PayloadFormat } from './payload-format.js';
import { RequestRefused } from './problems.js';

const MAX = 10;
const parse = (body: string | Buffer, format: PayloadFormat = 'json', max = MAX) =>
  parsePayload(typeof body === 'string' ? Buffer.from(body) : body, format, max);
/** What the refusal says, as far as a test looks at it; empty where there is none. */
const refusal = (
  body: string | Buffer,
  format: PayloadFormat = 'json',
  max = MAX,
): { code?: string; message?: string } => {
  try {
    parse(body, format, max);
    return {};
  } catch (error) {
    if (error instanceof RequestRefused) return error;
    throw error;
  }
};

describe('parsePayload', () => {
  it('reads one metric, an array, an envelope and a line each', () => {
    expect(parse('{"name":"a"}')).toEqual([{ name: 'a' }]);
    expect(parse('[{"name":"a"},5]')).toEqual([{ name: 'a' }, 5]);
    expect(parse('{"metrics":[{"name":"a"}]}')).toEqual([{ name: 'a' }]);
    expect(parse('{"name":"a"}\r\n\n  \n{"name":"b"}', 'ndjson')).toEqual([{ name: 'a' }, { name: 'b' }]);
    expect(parse('{"name":"a"}\n', 'ndjson')).toEqual([{ name: 'a' }]);
  });

  it('takes any other JSON for one item, to be refused by itself', () => {
    for (const json of ['5', 'null', '"x"', 'true']) expect(parse(json)).toEqual([JSON.parse(json)]);
  });

  it('passes over a byte order mark', () => {
    expect(parse('\ufeff{"name":"a"}')).toEqual([{ name: 'a' }]);
  });

  it('keeps the later of two members with one name', () => {
    expect(parse('{"name":"a","name":"b"}')).toEqual([{ name: 'b' }]);
  });

  it.each(['', ' \n', '[]', '{"metrics":[]}'])('calls %j empty', (body) => {
    expect(refusal(body).code).toBe('empty');
  });

  it('calls NDJSON without a line that has something empty', () => {
    expect(refusal('\n \n', 'ndjson').code).toBe('empty');
  });

  it.each(['{', '{"a":1}}', "{'a':1}", '[1,]', 'NaN', '{"a":1}{"b":2}', '[', '\u00a0{}'])(
    'says that %j is not JSON',
    (body) => {
      expect(refusal(body).code).toBe('invalid_json');
    },
  );

  it('names the line of NDJSON that is not JSON, counted as an editor does', () => {
    expect(refusal('{}\n\n{"a"\n{}', 'ndjson')).toMatchObject({
      code: 'invalid_json',
      message: expect.stringContaining('Line 3'),
    });
  });

  it.each([[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xc0, 0xaf]])(
    'refuses bytes that are not UTF-8',
    (...bytes) => {
      expect(refusal(Buffer.from([0x22, ...bytes, 0x22])).code).toBe('invalid_utf8');
    },
  );

  it('refuses an envelope that is none', () => {
    expect(refusal('{"metrics":{}}').code).toBe('envelope_invalid');
    expect(refusal('{"metrics":null}').code).toBe('envelope_invalid');
    expect(refusal('{"metrics":[],"more":1}').code).toBe('envelope_invalid');
  });

  it('refuses one sample too many', () => {
    const items = Array.from({ length: MAX }, () => '{}');
    expect(parse(`[${items.join(',')}]`)).toHaveLength(MAX);
    expect(refusal(`[${[...items, '{}'].join(',')}]`).code).toBe('too_many_samples');
    expect(refusal([...items, '{}'].join('\n'), 'ndjson').code).toBe('too_many_samples');
  });

  it('refuses what would become a heap of objects before it builds them', () => {
    expect(refusal(`[${'[],'.repeat(3_000_000)}[]]`, 'json', 10_000).code).toBe('json_too_complex');
    expect(refusal(`[[${'{},'.repeat(3_000_000)}{}]]`, 'json', 10_000).code).toBe('json_too_complex');
  });

  it('refuses deep nesting, however it ends', () => {
    expect(refusal('['.repeat(1_000_000)).code).toBe('json_too_complex');
    expect(refusal('['.repeat(1_000_000) + ']'.repeat(1_000_000)).code).toBe('json_too_complex');
    expect(refusal('{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000)).code).toBe('json_too_complex');
  });
});
