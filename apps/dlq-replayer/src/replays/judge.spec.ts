import { createHash } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';
import type { ReplayRecord } from '@weir/avro';
import { ValidationError } from '@weir/errors';
import { buildEnvelope, type ConsumedRecord, type DeadLetterEnvelope } from '@weir/kafka';

import { judge } from './judge.js';

const IDENTITY = '0c766f4e-4033-482a-9810-facaa7246010/3/7/metrics-consumer';
const chunk = { replay_id: 'r1', max_attempts: 3 };
const replayable = new Set(['metrics.raw']);

const envelopeOf = (record: Partial<ConsumedRecord> = {}): DeadLetterEnvelope =>
  buildEnvelope(
    {
      record: {
        topic: 'metrics.raw',
        partition: 3,
        offset: 7,
        timestampMs: 1_795_000_000_000,
        key: Buffer.from('k'),
        value: Buffer.from('v'),
        headers: [],
        ...record,
      },
      topicId: '0c766f4e-4033-482a-9810-facaa7246010',
      class: 'invalid',
      reason: 'name',
      error: new ValidationError('name', 'a test'),
      schemaId: null,
      tenantId: null,
      attempts: 1,
    },
    { group: 'metrics-consumer', serviceVersion: '1', routedAt: new Date(0) },
  );

const letterOf = (envelope: unknown): ConsumedRecord => ({
  topic: 'metrics.dlq',
  partition: 0,
  offset: 0,
  timestampMs: 0,
  key: null,
  value: Buffer.from(JSON.stringify(envelope)),
  headers: [],
});

const plannedFor = ({ value }: ConsumedRecord, more: Partial<ReplayRecord> = {}): ReplayRecord => ({
  dlq_partition: 0,
  dlq_offset: 0,
  value_sha256: createHash('sha256')
    .update(value ?? '')
    .digest('hex'),
  identity: IDENTITY,
  replay_count: 1,
  ...more,
});

const verdictOn = (letter: ConsumedRecord, more: Partial<ReplayRecord> = {}): unknown =>
  judge(chunk, plannedFor(letter, more), letter, replayable);

describe('the verdict on a dead letter', () => {
  it('publishes up to the cap, and not above it, whether the plan or the record says how often it was replayed', () => {
    const letter = letterOf(envelopeOf());
    expect(verdictOn(letter, { replay_count: 3 })).toMatchObject({ outcome: 'published' });
    expect(verdictOn(letter, { replay_count: 4 })).toEqual({ outcome: 'capped', reason: null });
    const replayed = (count: string): ConsumedRecord =>
      letterOf(envelopeOf({ headers: [{ key: 'weir-replay-count', value: Buffer.from(count) }] }));
    expect(verdictOn(replayed('2'), { replay_count: 3 })).toMatchObject({ outcome: 'published' });
    expect(verdictOn(replayed('3'))).toEqual({ outcome: 'capped', reason: null });
    expect(verdictOn(replayed('a lot'))).toMatchObject({ outcome: 'published' });
  });

  it('never publishes what is only the beginning of a record', () => {
    const envelope = envelopeOf();
    const cut = letterOf({ ...envelope, source: { ...envelope.source, omitted_bytes: 1 } });
    expect(verdictOn(cut)).toEqual({ outcome: 'refused', reason: 'truncated' });
  });

  it('never publishes into a topic that is not replayed into, whatever the dead letter says', () => {
    for (const topic of ['metrics.dlq', 'dlq.replay.events', '__consumer_offsets', 'tenants'])
      expect(verdictOn(letterOf(envelopeOf({ topic })))).toEqual({ outcome: 'refused', reason: 'topic' });
  });

  it('goes by the bytes: another value, or none, is another record', () => {
    const letter = letterOf(envelopeOf());
    expect(verdictOn(letter, { value_sha256: '0'.repeat(64) })).toEqual({ outcome: 'mismatch', reason: 'value' });
    expect(verdictOn({ ...letter, value: null })).toEqual({ outcome: 'mismatch', reason: 'value' });
  });

  it('says nothing of when a replayed record was first where the record does not say it, so that it replaces nothing', () => {
    const headers = [{ key: 'weir-replay-id', value: Buffer.from('r0') }];
    const verdict = verdictOn(letterOf(envelopeOf({ headers })));
    expect(verdict).toMatchObject({
      record: { headers: expect.arrayContaining([{ key: 'weir-origin-timestamp', value: Buffer.alloc(0) }]) },
    });
  });
});
