import { readdirSync, readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';
import { damage, FUZZ_TIMEOUT_MS, fuzzRuns } from '@weir/testing/fuzz';
import * as fc from 'fast-check';

import {
  deadLetterClass,
  type DeadLetterEnvelope,
  deadLetterReasons,
  isUnreadable,
  letterFacts,
  originalBytes,
  parseEnvelope,
} from '../src/index.js';

const folder = new URL('corpus/', import.meta.url);
/** What stood, or may stand one day, in metrics.dlq. A name says whether it can be read. Whoever finds another one adds it as a file. */
const corpus = readdirSync(folder).map((name) => ({ name, bytes: readFileSync(new URL(name, folder)) }));

describe('every envelope of the corpus', () => {
  it.each(corpus)('is what its name says: $name', ({ name, bytes }) => {
    const parsed = parseEnvelope(bytes);
    expect(isUnreadable(parsed) ? 'unreadable' : 'readable').toBe(name.slice(0, name.indexOf('-')));
    expect(isUnreadable(parsed) || isUsable(parsed)).toBe(true);
  });
});

describe('any bytes in metrics.dlq', () => {
  const damaged = fc
    .record({ sample: fc.constantFrom(...corpus.filter(({ bytes }) => bytes.length < 10_000)), change: damage })
    .map(({ sample, change }) => change(sample.bytes));

  it(
    'are an envelope that can be used and written again, or are said to be none, without throwing',
    () => {
      const property = fc.property(fc.oneof(damaged, reshaped), (bytes) => {
        const parsed = parseEnvelope(bytes);
        const facts = letterFacts(bytes);
        expect(isUnreadable(facts) ? facts : facts.metadata).toEqual(
          isUnreadable(parsed) ? parsed : parsed.dlq_metadata,
        );
        if (isUnreadable(parsed)) return parsed.unreadable !== '';
        expect(parseEnvelope(Buffer.from(JSON.stringify(parsed)))).toEqual(parsed);
        return isUsable(parsed);
      });
      fc.assert(property, { numRuns: fuzzRuns(3_000) });
    },
    FUZZ_TIMEOUT_MS,
  );

  it('are read also where they are as large as the topic lets them be', () => {
    const [whole] = corpus.filter(({ name }) => name === 'readable-whole.json');
    const text = whole?.bytes.toString('utf8').replace('0000000009', '00'.repeat(8_000_000)) ?? '';
    const parsed = parseEnvelope(Buffer.from(text));
    expect(isUnreadable(parsed) ? parsed.unreadable : originalBytes(parsed)?.value?.length).toBe(8_000_000);
  });
});

/** A good envelope of which one member is something else. */
const reshaped = fc
  .record({ path: fc.array(fc.nat(11), { minLength: 1, maxLength: 3 }), value: fc.jsonValue() })
  .map(({ path, value }) => {
    const whole = corpus.find(({ name }) => name === 'readable-whole.json');
    const envelope: unknown = JSON.parse(whole?.bytes.toString('utf8') ?? 'null');
    let at: unknown = envelope;
    for (const [depth, index] of path.entries()) {
      if (typeof at !== 'object' || at === null) break;
      const keys = Object.keys(at);
      const key = keys[index % keys.length] ?? '';
      if (depth === path.length - 1) Reflect.set(at, key, value);
      else at = Reflect.get(at, key);
    }
    return Buffer.from(JSON.stringify(envelope));
  });

/** Whatever works with envelopes may rely on this. */
function isUsable({ dlq_metadata: metadata, source }: DeadLetterEnvelope): boolean {
  const record = originalBytes({ dlq_metadata: metadata, source });
  const whole = record === null ? (source.omitted_bytes ?? 0) > 0 : record.headers.length === source.headers.length;
  return (
    whole &&
    deadLetterReasons.includes(metadata.reason) &&
    deadLetterClass(metadata.reason) === metadata.class &&
    Number.isSafeInteger(source.partition) &&
    Number.isSafeInteger(source.offset) &&
    Math.min(source.partition, source.offset) >= 0 &&
    !Number.isNaN(Date.parse(metadata.routed_at_utc))
  );
}
