import { beforeEach, describe, expect, it } from '@jest/globals';

import { BreakerOpenError } from './breaker-open.error.js';
import { Breaker, type BreakerObserver, lineOf } from './breaker.js';
import { TenantTally } from './dead-letter-share.js';

const OPTIONS = {
  failedTries: 3,
  probeIntervalMs: 10_000,
  share: { windowMs: 60_000, minRecords: 10, minTenants: 2, share: 0.5 },
};
const LINE = lineOf('0c766f4e-4033-482a-9810-facaa7246010', 0);
const away = new Error('no broker');

function of(refused: boolean): TenantTally {
  const tally = new TenantTally();
  for (let n = 0; n < 20; n += 1) tally.add(`tenant-${n % 2}`, refused);
  return tally;
}

/** Fewer than prove anything by themselves. */
function few(refused: boolean): TenantTally {
  const tally = new TenantTally();
  for (const tenant of ['tenant-0', 'tenant-1']) tally.add(tenant, refused);
  return tally;
}

describe('Breaker', () => {
  let now: number;
  let told: string[];
  let breaker: Breaker;
  const observer: BreakerObserver = {
    opened: ({ cause }) => told.push(`opened ${cause}`),
    closed: ({ cause }, why) => told.push(`closed ${cause}: ${why}`),
    shared: () => undefined,
  };

  beforeEach(() => {
    now = 1_000_000;
    told = [];
    breaker = new Breaker(OPTIONS, null, observer, () => now);
  });

  async function failTimes(times: number): Promise<void> {
    for (let time = 0; time < times; time += 1) await breaker.failedToWrite(away);
  }

  it('opens where dead letters fail so often in a row, and says why', async () => {
    await failTimes(2);
    breaker.written();
    await failTimes(2);
    expect(() => breaker.admit()).not.toThrow();
    await failTimes(1);
    expect(breaker.open).toMatchObject({ cause: 'dlq_unwritable', since: now });
    expect(breaker.open?.detail).toContain('3 tries in a row: no broker');
    expect(() => breaker.admit()).toThrow(BreakerOpenError);
  });

  it('lets one batch through in each interval, and closes where its dead letters are written', async () => {
    await failTimes(3);
    now += 9_999;
    expect(() => breaker.admit()).toThrow(BreakerOpenError);
    now += 1;
    breaker.admit();
    expect(() => breaker.admit()).toThrow(BreakerOpenError);
    breaker.written();
    expect(() => breaker.admit()).not.toThrow();
    expect(told).toEqual(['opened dlq_unwritable', 'closed dlq_unwritable: dead letters are written again']);
  });

  it('opens before anything of a batch is settled of which tenants at large are refused', () => {
    expect(() => breaker.judge(of(true))).toThrow(BreakerOpenError);
    expect(breaker.open?.cause).toBe('dead_letter_share');
  });

  it('closes by itself once the same records can be stored, as after a deploy that mends it', () => {
    expect(() => breaker.judge(of(true))).toThrow(BreakerOpenError);
    now += 10_000;
    breaker.admit();
    expect(() => breaker.judge(of(true))).toThrow(BreakerOpenError);
    now += 10_000;
    breaker.admit();
    breaker.judge(of(false));
    expect(breaker.open).toBeNull();
  });

  it('stays open for the records that opened it, however few they are and however long ago that was', () => {
    breaker.settled(of(true));
    expect(() => breaker.judge(few(true))).toThrow(BreakerOpenError);
    for (let hours = 0; hours < 3; hours += 1) {
      now += 3_600_000;
      breaker.admit();
      expect(() => breaker.judge(few(true))).toThrow(BreakerOpenError);
    }
    expect(told).toEqual(['opened dead_letter_share']);
  });

  it('remembers up to where an operator let pass, and opens again for what comes after', () => {
    expect(() => breaker.judge(of(true))).toThrow(BreakerOpenError);
    expect(breaker.closeByHand('they are all rubbish', { [LINE]: 20 })).toMatchObject({ cause: 'dead_letter_share' });
    expect(breaker.pass).toMatchObject({ reason: 'they are all rubbish', below: { [LINE]: 20 } });
    breaker.judge(new TenantTally());
    expect(breaker.open).toBeNull();
    expect(() => breaker.judge(of(true))).toThrow(BreakerOpenError);
  });

  it('has nothing to close where it is closed', () => {
    expect(breaker.closeByHand('why not', {})).toBeNull();
    expect(breaker.pass).toBeNull();
  });
});
