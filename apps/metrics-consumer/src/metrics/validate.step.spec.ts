import { describe, expect, it } from '@jest/globals';
import type { MetricEvent } from '@weir/avro';
import { STORABLE } from '@weir/tenancy';

import type { DecodedEvent } from './outcome.js';
import { ValidateStep } from './validate.step.js';

const good: MetricEvent = {
  name: 'http_requests_total',
  value: 1.5,
  timestamp: 1_700_000_000_000,
  labels: { method: 'GET', path: 'ü, "quoted" \\ and =' },
  environment: null,
  tenant_id: 'acme',
  ingested_at: 1_700_000_000_100,
};

const decoded = (changes: Partial<MetricEvent>): DecodedEvent => ({
  kind: 'event',
  event: { ...good, ...changes },
  tenantId: 'acme',
  record: { topic: 't', partition: 0, offset: 9, timestampMs: 1_700_000_000_200, key: null, value: null, headers: [] },
});
const verdict = (changes: Partial<MetricEvent>) => new ValidateStep().apply([decoded(changes)])[0];

describe('ValidateStep', () => {
  it('makes a sample whose version is the time at which the broker appended the record', () => {
    expect(verdict({})).toMatchObject({
      kind: 'sample',
      ingestedAt: good.ingested_at,
      sample: { tenantId: 'acme', name: good.name, labels: good.labels, version: 1_700_000_000_200, replayed: false },
    });
  });

  it.each([
    ['the oldest time', { timestamp: 0 }],
    ['a time far from now: the window was held at the door', { timestamp: STORABLE.latestMs }],
    ['no labels', { labels: {} }],
    ['an empty label value', { labels: { a: '' } }],
    ['as many labels as fit', { labels: Object.fromEntries(Array.from({ length: 256 }, (_, i) => [`l${i}`, 'x'])) }],
    ['the smallest and the negative', { value: -Number.MIN_VALUE }],
  ])('lets pass %s', (_case, changes) => {
    expect(verdict(changes)).toMatchObject({ kind: 'sample' });
  });

  it.each([
    ['name', 'an empty name', { name: '' }],
    ['name', 'a name with a space', { name: 'a b' }],
    ['name', 'a name that starts with a digit', { name: '1a' }],
    ['name', 'a name with a trailing newline', { name: 'a\n' }],
    ['name', 'a name that no index holds', { name: 'a'.repeat(1_025) }],
    ['value', 'NaN', { value: NaN }],
    ['value', 'an infinite value', { value: -Infinity }],
    ['timestamp', 'a time before 1970', { timestamp: -1 }],
    ['timestamp', 'a time after 2262', { timestamp: STORABLE.latestMs + 1 }],
    ['timestamp', 'a time beyond exact integers', { timestamp: 2 ** 63 }],
    ['labels', 'a label name with a colon', { labels: { 'a:b': 'x' } }],
    ['labels', 'an empty label name', { labels: { '': 'x' } }],
    ['labels', 'a NUL in a label value', { labels: { a: 'x\0y' } }],
    [
      'labels',
      'too many labels',
      { labels: Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`l${i}`, 'x'])) },
    ],
    ['labels', 'labels of a megabyte', { labels: { a: 'ü'.repeat(40_000) } }],
    ['labels', 'a NUL in the environment', { environment: 'a\0' }],
    ['labels', 'an environment that no index holds', { environment: 'a'.repeat(1_025) }],
  ])('refuses under `%s` %s', (reason, _case, changes) => {
    expect(verdict(changes)).toMatchObject({ kind: 'dead-letter', class: 'invalid', reason, tenantId: 'acme' });
  });

  it('puts no value of the record into the error, so that like failures read alike', () => {
    const faults = [verdict({ name: 'a b' }), verdict({ name: 'c d' })];
    expect(new Set(faults.map((fault) => (fault?.kind === 'dead-letter' ? fault.error.message : ''))).size).toBe(1);
  });

  it('has done with a record before the next is decoded, so that what a batch unfolds to is never there at once', () => {
    const seen: string[] = [];
    const events = function* (): Generator<DecodedEvent> {
      for (const name of ['first', 'second']) {
        seen.push(`${name} decoded`);
        const item = decoded({ labels: { a: 'b' } });
        const labels = {
          get b() {
            return String(seen.push(`${name} judged`));
          },
        };
        yield { ...item, event: { ...item.event, labels } };
      }
    };
    new ValidateStep().apply(events());
    expect(seen).toEqual(['first decoded', 'first judged', 'second decoded', 'second judged']);
  });

  it('judges each record alone and keeps their order', () => {
    const outcomes = new ValidateStep().apply([decoded({}), decoded({ value: NaN }), decoded({})]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['sample', 'dead-letter', 'sample']);
  });
});
