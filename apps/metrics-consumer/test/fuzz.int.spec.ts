import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectSchemaRegistry, metricEventDecoder } from '@weir/avro';
import { type ConsumedRecord, deadLetterClass, deadLetterReasons, originalBytes } from '@weir/kafka';
import { STORABLE } from '@weir/tenancy';
import { engines } from '@weir/testing';
import { bytesHeld, damage, FUZZ_TIMEOUT_MS, fuzzRuns } from '@weir/testing/fuzz';
import * as fc from 'fast-check';

import { DecodeStep } from '../src/metrics/decode.step.js';
import type { Outcome } from '../src/metrics/outcome.js';
import { ValidateStep } from '../src/metrics/validate.step.js';
import { ConsumerApp } from './support/consumer-app.js';
import { corpus, type HostileRecord } from './support/corpus.js';
import { event } from './support/events.js';

type Sent = Pick<ConsumedRecord, 'key' | 'value' | 'headers'>;

let consumer: ConsumerApp;
let small: HostileRecord[];
let heldBefore = 0;
beforeAll(async () => {
  consumer = await ConsumerApp.create(() => ({}), 1);
  await consumer.start();
  small = (await corpus(consumer.topics)).filter((record) => bytesOf(record) < 10_000);
  heldBefore = bytesHeld();
});
afterAll(() => consumer.close());

const bytesOf = ({ key, value, headers }: Sent): number =>
  (key?.length ?? 0) +
  (value?.length ?? 0) +
  headers.reduce((sum, header) => sum + header.key.length + (header.value?.length ?? 0), 0);

const bytes = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));

const header = fc.record({
  key: fc.oneof(
    fc.constantFrom('tenant-id', 'traceparent', 'weir-origin', 'weir-replay-id', 'weir-origin-timestamp', '__proto__'),
    fc.string({ unit: 'binary', maxLength: 10 }).map((text) => text.replaceAll('\0', '')),
  ),
  value: fc.oneof(
    fc.constantFrom('acme', '', '1', '-1', '9'.repeat(20)).map((text) => Buffer.from(text)),
    bytes(20),
  ),
});

/** What may become of a record of the corpus on its way; now and then it has nothing to do with any. */
const hostile: fc.Arbitrary<Sent> = fc
  .record({
    chosen: fc.nat(),
    toValue: fc.option(damage, { freq: 10 }),
    toKey: damage,
    headers: fc.option(fc.array(header, { maxLength: 6 })),
    other: fc.option(bytes(60), { freq: 20 }),
  })
  .map(({ chosen, toValue, toKey, headers, other }) => {
    const record = small[chosen % small.length] ?? { key: null, value: null, headers: [] };
    const value = other ?? (toValue === null || record.value === null ? record.value : toValue(record.value));
    const key = record.key === null ? null : toKey(record.key);
    return { key, value, headers: headers ?? record.headers };
  });

describe('what becomes of any record', () => {
  it(
    'is that it is stored as something storable, or refused under a reason of the list, in no time and without throwing',
    async () => {
      const registry = connectSchemaRegistry({ url: engines().schemaRegistry.url });
      const [decode, validate] = [new DecodeStep(metricEventDecoder(registry)), new ValidateStep()];
      const property = fc.asyncProperty(fc.array(hostile, { minLength: 1, maxLength: 10 }), async (sent) => {
        const records = sent.map((each, offset) => ({ topic: 't', partition: 0, offset, timestampMs: 1, ...each }));
        const outcomes = validate.apply(await decode.apply(records));
        expect(outcomes.map(({ record }) => record)).toEqual(records);
        expect(outcomes.filter((outcome) => !isPossible(outcome))).toEqual([]);
      });
      await fc.assert(property, { numRuns: fuzzRuns(300) });
    },
    FUZZ_TIMEOUT_MS,
  );
});

describe('metrics-consumer, whatever stands in metrics.raw', () => {
  it(
    'stores or dead-letters each record once, with its bytes, stores its neighbours, and balances',
    async () => {
      let [sentSoFar, stored] = [0, 0];
      const property = fc.asyncProperty(fc.array(hostile, { minLength: 20, maxLength: 60 }), async (sent) => {
        const { topics } = consumer;
        const records = sent.flatMap((each, at) => {
          const [value = null] = topics.encode([event({ name: 'neighbour', timestamp: sentSoFar + at })]);
          return [{ value }, each].map((record) => ({ ...record, partition: 0 }));
        });
        await topics.send(records);
        const { balanced } = await consumer.untilSettled(sentSoFar + records.length);
        expect(balanced).toBe(true);
        const now = await consumer.settled();
        expect(now.stored - stored).toBeGreaterThanOrEqual(sent.length);
        const letters = (await topics.deadLetters(now.deadLettered)).slice(sentSoFar - stored);
        for (const { envelope } of letters) {
          const { key, value, headers } = sent[(envelope.source.offset - sentSoFar - 1) / 2] ?? {};
          expect(originalBytes(envelope)).toEqual({ key, value, headers });
        }
        expect(new Set(letters.map(({ envelope }) => envelope.source.offset)).size).toBe(letters.length);
        [sentSoFar, stored] = [sentSoFar + records.length, now.stored];
      });
      await fc.assert(property, { numRuns: fuzzRuns(6), endOnFailure: true });
      const neighbours = await consumer.sql(
        "SELECT count(*)::int AS n FROM metrics.samples JOIN metrics.series ON id = series_id WHERE name = 'neighbour'",
      );
      expect(neighbours).toEqual([{ n: sentSoFar / 2 }]);
    },
    FUZZ_TIMEOUT_MS,
  );

  it('holds no more memory after all that', () => {
    expect(bytesHeld() - heldBefore).toBeLessThan(50_000_000);
  });
});

function isPossible(outcome: Outcome): boolean {
  if (outcome.kind === 'dead-letter') {
    const { reason, error } = outcome;
    const listed = deadLetterReasons.includes(reason) && deadLetterClass(reason) === outcome.class;
    return listed && error.message.length < 1_000;
  }
  const { tenantId, name, labels, value, timestampMs, version } = outcome.sample;
  const texts = [tenantId, name, ...Object.keys(labels), ...Object.values(labels)];
  return (
    Number.isFinite(value) &&
    Number.isSafeInteger(version) &&
    timestampMs >= STORABLE.earliestMs &&
    timestampMs <= STORABLE.latestMs &&
    tenantId !== '' &&
    texts.every((text) => !text.includes('\0'))
  );
}
