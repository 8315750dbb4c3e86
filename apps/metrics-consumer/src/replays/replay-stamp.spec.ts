import { describe, expect, it } from '@jest/globals';

import { replayStampOf } from './replay-stamp.js';

const ORIGIN = '6b1f0e64-6f0c-4f0e-9d3a-1c2b3a4d5e6f/3/17/metrics-consumer';
const stampOf = (headers: Readonly<Record<string, string>>) =>
  replayStampOf(
    { headers: Object.entries(headers).map(([key, value]) => ({ key, value: Buffer.from(value) })) },
    'metrics-consumer',
  );

describe('the stamp of a replayed record', () => {
  it('says by which replay it came, how often, and what it repeats', () => {
    expect(stampOf({ 'weir-replay-id': 'r1', 'weir-replay-count': '2', 'weir-origin': ORIGIN })).toEqual({
      replayId: 'r1',
      identity: ORIGIN,
      count: 2,
    });
  });

  it.each([
    ['a live record', {}],
    ['one that lacks its count', { 'weir-replay-id': 'r1', 'weir-origin': ORIGIN }],
    ['one that lacks its origin', { 'weir-replay-id': 'r1', 'weir-replay-count': '1' }],
    ['one without a replay', { 'weir-replay-id': '', 'weir-replay-count': '1', 'weir-origin': ORIGIN }],
    [
      'one whose replay is no id',
      { 'weir-replay-id': 'r'.repeat(129), 'weir-replay-count': '1', 'weir-origin': ORIGIN },
    ],
    ['one whose count is none', { 'weir-replay-id': 'r1', 'weir-replay-count': '1e3', 'weir-origin': ORIGIN }],
    ['one whose origin is none', { 'weir-replay-id': 'r1', 'weir-replay-count': '1', 'weir-origin': '3/17' }],
    [
      'one that was replayed for another group',
      { 'weir-replay-id': 'r1', 'weir-replay-count': '1', 'weir-origin': ORIGIN.replace('metrics-', 'other-') },
    ],
  ])('is not there on %s', (_what, headers) => {
    expect(stampOf(headers)).toBeNull();
  });
});
