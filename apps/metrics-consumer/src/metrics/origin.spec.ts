import { describe, expect, it } from '@jest/globals';
import type { ConsumedRecord } from '@weir/kafka';

import { originOf } from './origin.js';

const record = (headers: Record<string, string>): ConsumedRecord => ({
  topic: 'metrics.raw',
  partition: 0,
  offset: 7,
  timestampMs: 2_000,
  key: null,
  value: null,
  headers: Object.entries(headers).map(([key, value]) => ({ key, value: Buffer.from(value) })),
});

describe('originOf', () => {
  it("takes a live record's append time, whatever else it claims", () => {
    expect(originOf(record({}))).toEqual({ version: 2_000, replayed: false });
    expect(originOf(record({ 'weir-origin-timestamp': '1' }))).toEqual({ version: 2_000, replayed: false });
  });

  it("takes a replayed record's origin from its header", () => {
    const headers = { 'weir-replay-id': 'r1', 'weir-origin-timestamp': '1500' };
    expect(originOf(record(headers))).toEqual({ version: 1_500, replayed: true });
  });

  it.each(['', '-1', '1e3', 'yesterday', '99999999999999999999'])(
    'lets a replayed record with the unreadable origin %p replace nothing',
    (text) => {
      const headers = { 'weir-replay-id': 'r1', 'weir-origin-timestamp': text };
      expect(originOf(record(headers))).toEqual({ version: 0, replayed: true });
    },
  );

  it('lets no origin lie after its own copy', () => {
    const headers = { 'weir-replay-id': 'r1', 'weir-origin-timestamp': '3000' };
    expect(originOf(record(headers))).toEqual({ version: 2_000, replayed: true });
  });
});
