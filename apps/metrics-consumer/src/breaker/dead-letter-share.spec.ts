import { describe, expect, it } from '@jest/globals';

import { DeadLetterShare, TenantTally } from './dead-letter-share.js';

const RULE = { windowMs: 60_000, minRecords: 100, minTenants: 2, share: 0.5 };

type Row = readonly [tenantId: string | null, stored: number, refused: number];

function records(...rows: readonly Row[]): TenantTally {
  const tally = new TenantTally();
  for (const [tenantId, stored, refused] of rows)
    for (let n = 0; n < stored + refused; n += 1) tally.add(tenantId, n >= stored);
  return tally;
}

describe('DeadLetterShare', () => {
  it('is high where the records of all tenants are refused', () => {
    const share = new DeadLetterShare(RULE);
    expect(share.verdict(records(['a', 10, 90], ['b', 1, 9]))).toContain('2 are hit');
  });

  it('is not for one tenant, however much of it there is', () => {
    const share = new DeadLetterShare(RULE);
    expect(share.verdict(records(['a', 0, 100_000], ['b', 5, 1]))).toBeNull();
    expect(share.verdict(records(['a', 0, 100_000]))).toBeNull();
    expect(share.verdict(records([null, 0, 100_000], ['b', 5, 1]))).toBeNull();
  });

  it('counts what names ever more tenants as one tenant’s, and keeps no more of them', () => {
    const made = Array.from({ length: 20_000 }, (_, n): Row => [`made-up-${n}`, 0, 1]);
    expect(records(...made).tenants.size).toBeLessThanOrEqual(10_001);
  });

  it('is not for a few tenants of many', () => {
    const share = new DeadLetterShare(RULE);
    const fine = Array.from({ length: 20 }, (_, n): Row => [`fine-${n}`, 5, 0]);
    expect(share.verdict(records(...fine, ['a', 0, 500], ['b', 0, 500]))).toBeNull();
  });

  it('needs enough records to be believed, and counts those settled before', () => {
    const share = new DeadLetterShare(RULE);
    const few = records(['a', 0, 30], ['b', 0, 30]);
    expect(share.verdict(few)).toBeNull();
    share.settled(few);
    expect(share.verdict(few)).not.toBeNull();
  });

  it('forgets what is older than its window, and all of it when told to', () => {
    let now = 0;
    const share = new DeadLetterShare(RULE, () => now);
    const bad = records(['a', 0, 60], ['b', 0, 60]);
    share.settled(bad);
    expect(share.verdict(records())).not.toBeNull();
    now = 60_001;
    expect(share.verdict(records())).toBeNull();
    share.settled(bad);
    share.forget();
    expect(share.verdict(records())).toBeNull();
  });

  it('weighs good records of the window against bad ones of the batch', () => {
    const share = new DeadLetterShare(RULE);
    share.settled(records(['a', 900, 0], ['b', 900, 0]));
    expect(share.verdict(records(['a', 0, 100], ['b', 0, 100]))).toBeNull();
    expect(share.verdict(records(['a', 0, 1_000], ['b', 0, 1_000]))).not.toBeNull();
  });
});
