import { describe, expect, it } from '@jest/globals';
import { DEFAULT_SAMPLE_LIMITS } from '@weir/tenancy';
import * as fc from 'fast-check';

import { judgeMetric } from './judge-metric.js';
import { Rejection, REJECTIONS, type RejectionCode } from './rejections.js';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const rules = { tenantId: 'acme', limits: DEFAULT_SAMPLE_LIMITS, nowMs: NOW };
const good = { name: 'cpu', value: 1.5, timestamp: NOW, labels: { host: 'a' }, environment: 'prod' };

const judge = (item: unknown) => judgeMetric(item, rules);
const judgeText = (json: string) => judge(JSON.parse(json));
const withValue = (value: string) => `{"name":"cpu","value":${value},"timestamp":${NOW}}`;
const labelsOf = (count: number, length: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`l${n}`, 'x'.repeat(length)]));
const codeOf = (item: unknown): RejectionCode | null => {
  const verdict = judge(item);
  return verdict instanceof Rejection ? verdict.code : null;
};

describe('judgeMetric', () => {
  it('turns a metric into the event that is sent', () => {
    expect(judge(good)).toEqual({
      name: 'cpu',
      value: 1.5,
      timestamp: NOW,
      labels: { host: 'a' },
      environment: 'prod',
      tenant_id: 'acme',
      ingested_at: NOW,
    });
    expect(judge({ name: 'cpu', value: -0.5, timestamp: '2026-11-21T13:00:00.25+01:00' })).toMatchObject({
      timestamp: NOW + 250,
      labels: {},
      environment: null,
    });
    expect(judge({ ...good, labels: null, environment: null })).toMatchObject({ labels: {}, environment: null });
  });

  it.each<[string, unknown, RejectionCode]>([
    ['a number', 1, 'not_an_object'],
    ['null', null, 'not_an_object'],
    ['an array', [], 'not_an_object'],
    ['nothing', {}, 'name_invalid'],
    ['a misspelt member', { ...good, lables: {} }, 'unknown_field'],
    ['a name that is no string', { ...good, name: 5 }, 'name_invalid'],
    ['an empty name', { ...good, name: '' }, 'name_invalid'],
    ['a name with a dot', { ...good, name: 'cpu.load' }, 'name_invalid'],
    ['a long name', { ...good, name: 'a'.repeat(256) }, 'name_too_long'],
    ['no value', { ...good, value: undefined }, 'value_invalid'],
    ['null for a value', { ...good, value: null }, 'value_invalid'],
    ['a number in quotes', { ...good, value: '1' }, 'value_invalid'],
    ['true for a value', { ...good, value: true }, 'value_invalid'],
    ['an object for a value', { ...good, value: { a: 1 } }, 'value_invalid'],
    ['no timestamp', { ...good, timestamp: undefined }, 'timestamp_missing'],
    ['null for a timestamp', { ...good, timestamp: null }, 'timestamp_missing'],
    ['a timestamp without an offset', { ...good, timestamp: '2026-11-21T12:00:00' }, 'timestamp_invalid'],
    ['a timestamp that is no integer', { ...good, timestamp: NOW + 0.5 }, 'timestamp_invalid'],
    ['a timestamp in quotes', { ...good, timestamp: String(NOW) }, 'timestamp_invalid'],
    ['a timestamp beyond all integers', { ...good, timestamp: 1e300 }, 'timestamp_invalid'],
    ['a timestamp past the window', { ...good, timestamp: NOW - 30 * DAY - 1 }, 'timestamp_too_old'],
    ['a timestamp in seconds', { ...good, timestamp: NOW / 1000 }, 'timestamp_too_old'],
    ['a timestamp too far ahead', { ...good, timestamp: NOW + 10 * MINUTE + 1 }, 'timestamp_too_new'],
    ['labels in an array', { ...good, labels: ['a'] }, 'labels_invalid'],
    ['labels in a string', { ...good, labels: 'a' }, 'labels_invalid'],
    ['a label name with a dash', { ...good, labels: { 'a-b': 'x' } }, 'label_name_invalid'],
    ['an empty label name', { ...good, labels: { '': 'x' } }, 'label_name_invalid'],
    ['a reserved label', { ...good, labels: { __name__: 'x' } }, 'label_reserved'],
    ['a long label name', { ...good, labels: { ['a'.repeat(256)]: 'x' } }, 'label_name_too_long'],
    ['a label that is a number', { ...good, labels: { a: 1 } }, 'label_value_invalid'],
    ['a label that is null', { ...good, labels: { a: null } }, 'label_value_invalid'],
    ['a NUL in a label', { ...good, labels: { a: 'x\0' } }, 'label_value_invalid'],
    ['half of a surrogate pair in a label', { ...good, labels: { a: '\ud800' } }, 'label_value_invalid'],
    ['a long label', { ...good, labels: { a: 'x'.repeat(2049) } }, 'label_value_too_long'],
    ['an empty environment', { ...good, environment: '' }, 'environment_invalid'],
    ['a number for an environment', { ...good, environment: 1 }, 'environment_invalid'],
    ['a NUL in the environment', { ...good, environment: '\0' }, 'environment_invalid'],
    ['a long environment', { ...good, environment: 'x'.repeat(256) }, 'environment_too_long'],
  ])('refuses %s', (_, item, code) => {
    expect(codeOf(item)).toBe(code);
  });

  it('counts labels one by one and all together', () => {
    expect(codeOf({ ...good, labels: labelsOf(30, 1) })).toBeNull();
    expect(codeOf({ ...good, labels: labelsOf(31, 1) })).toBe('labels_too_many');
    expect(codeOf({ ...good, labels: labelsOf(30, 2000) })).toBe('labels_too_large');
  });

  it('takes the edges of what is allowed', () => {
    for (const timestamp of [NOW - 30 * DAY, NOW + 10 * MINUTE]) expect(codeOf({ ...good, timestamp })).toBeNull();
    for (const value of [0, -0, Number.MAX_VALUE, Number.MIN_VALUE]) expect(codeOf({ ...good, value })).toBeNull();
    expect(codeOf({ ...good, name: 'a'.repeat(255), environment: 'é'.repeat(255) })).toBeNull();
    expect(codeOf({ ...good, labels: { a: '', constructor: '🦦', toString: 'x'.repeat(2048) } })).toBeNull();
  });

  it('tells a caller who sends seconds', () => {
    expect(judge({ ...good, timestamp: NOW / 1000 })).toMatchObject({ detail: expect.stringContaining('seconds') });
  });

  it('refuses a number that JSON can write and a double cannot hold', () => {
    expect(judgeText(withValue('1e400'))).toMatchObject({ code: 'value_invalid' });
    expect(judgeText(withValue('-1e400'))).toMatchObject({ code: 'value_invalid' });
    expect(judgeText(withValue('1e-400'))).toMatchObject({ value: 0 });
  });

  it('is not taken in by the names of JavaScript', () => {
    const judged = judgeText(`{"name":"cpu","value":1,"timestamp":${NOW},"__proto__":{"labels":{"a":"b"}}}`);
    expect(judged).toMatchObject({ code: 'unknown_field' });
    expect(judgeText(`{"__proto__":{"name":"cpu","value":1,"timestamp":${NOW}}}`)).toMatchObject({
      code: 'unknown_field',
    });
    expect(judgeText(`{"name":"cpu","value":1,"timestamp":${NOW},"labels":{"__proto__":"x"}}`)).toMatchObject({
      code: 'label_reserved',
    });
  });

  it('answers any JSON at all with an event or a code of the table', () => {
    const field = fc.constantFrom('name', 'value', 'timestamp', 'labels', 'environment', '__proto__', 'x');
    const item = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(field, fc.oneof(fc.jsonValue(), fc.constantFrom(NOW, 'cpu', 1))),
    );
    fc.assert(
      fc.property(item, (any) => {
        const verdict = judgeMetric(any, rules);
        expect(
          verdict instanceof Rejection
            ? verdict.code in REJECTIONS && verdict.detail.length < 300
            : verdict.tenant_id === 'acme' && Number.isFinite(verdict.value),
        ).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
