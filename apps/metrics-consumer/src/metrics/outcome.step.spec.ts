import { describe, expect, it } from '@jest/globals';
import type { ConsumedRecord } from '@weir/kafka';

import { DecodeStep } from './decode.step.js';
import { assertOneEach } from './outcome.js';
import { OutcomeStep } from './outcome.step.js';
import { ValidateStep } from './validate.step.js';

const record = (value: string, offset: number): ConsumedRecord => ({
  topic: 't',
  partition: 0,
  offset,
  timestampMs: 5,
  key: null,
  value: Buffer.from(value),
  headers: [],
});

/** Reads values of the schemas that are known, and tells for which it was asked. */
function reading(...known: string[]) {
  const asked: (readonly string[])[] = [];
  const decoded: string[] = [];
  const step = new DecodeStep({
    prepare: (values) => {
      asked.push(values.map(String));
      known.push(...values.map(String));
      return Promise.resolve();
    },
    reads: (value) => known.includes(String(value)),
    decode: (value) => {
      decoded.push(String(value));
      return {
        name: String(value),
        value: 1,
        timestamp: 5,
        labels: {},
        environment: '',
        tenant_id: 'acme',
        ingested_at: 0,
      };
    },
    writes: () => true,
  });
  return { step: new OutcomeStep(step, new ValidateStep()), asked, decoded };
}

describe('OutcomeStep', () => {
  it('has nothing left to do for a batch that it has begun with', async () => {
    const { step, asked, decoded } = reading('a');
    const records = [record('a', 0), record('a', 1)];
    step.begin(records);
    expect(decoded).toHaveLength(2);
    const outcomes = await step.apply(records);
    assertOneEach(records, outcomes);
    expect(outcomes).toMatchObject([
      { kind: 'sample', offset: 0 },
      { kind: 'sample', offset: 1 },
    ]);
    expect([asked, decoded.length]).toEqual([[], 2]);
  });

  it('leaves to the batch what the registry has to be asked for, and keeps the order', async () => {
    const { step, asked } = reading('a');
    const records = [record('new', 0), record('a', 1), record('new', 2), record('a', 3)];
    step.begin(records);
    const outcomes = await step.apply(records);
    assertOneEach(records, outcomes);
    expect(asked).toEqual([['new', 'new']]);
  });

  it('finds the same for a batch that comes again, or that it never began with', async () => {
    const { step, decoded } = reading('a');
    const records = [record('a', 0)];
    step.begin(records);
    const first = await step.apply(records);
    expect(await step.apply(records)).toEqual(first);
    expect(decoded).toHaveLength(2);
  });
});
