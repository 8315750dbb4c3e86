import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { FIRST_TIMESTAMP_MS, LAST_TIMESTAMP_MS, putTimestamp, takeTimestamp, timestamp } from './binary.js';

describe('takeTimestamp', () => {
  it('reads what putTimestamp wrote, over the whole calendar', () => {
    fc.assert(
      fc.property(fc.integer({ min: FIRST_TIMESTAMP_MS, max: LAST_TIMESTAMP_MS }), (epochMs) => {
        const buffer = Buffer.alloc(8);
        putTimestamp(buffer, epochMs, 0);
        expect(takeTimestamp(buffer, 0)).toBe(epochMs);
      }),
    );
  });

  it('keeps a fraction, and what PostgreSQL has before and behind all times', () => {
    const buffer = Buffer.alloc(8);
    buffer.writeBigInt64BE(-946_684_800_000_000n + 1_795_356_600_000_250n);
    expect(takeTimestamp(buffer, 0)).toBe(1_795_356_600_000.25);
    expect(takeTimestamp(timestamp(Infinity), 0)).toBe(Infinity);
    expect(takeTimestamp(timestamp(-Infinity), 0)).toBe(-Infinity);
  });
});
