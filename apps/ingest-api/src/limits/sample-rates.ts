import type { SharedLimits } from './shared-limits.js';
import { type Rate, TokenBucket } from './token-bucket.js';

/** Part of a second's samples that an instance takes from the shared bucket ahead, so that most requests ask nobody. */
const AHEAD_SECONDS = 0.1;
/** What was taken ahead and not used by then is given up: other instances may need it. */
const AHEAD_KEPT_MS = 1_000;

interface TenantSamples {
  readonly bucket: TokenBucket;
  /** Granted by the shared bucket and not used yet. */
  ahead: number;
  aheadUntil: number;
  /** How many the tenant asked for last: what it is likely to come again with. */
  usual: number;
  perSecond: number;
  /** Let through since `readAt`. */
  taken: number;
  readAt: number;
  usage: number;
}

/** A usage is told of at least so long, however often it is asked for. */
const USAGE_OVER_MS = 4_000;

/**
 * How fast each tenant sends, against its limit: by a bucket of this instance, and by one that all instances share where there is one.
 *
 * An instance alone may never take more than the whole, so its own bucket answers first, and a flood asks nobody else. While the shared
 * one is away the instance's own is all there is: then each instance lets the limit through.
 */
export class SampleRates {
  private readonly tenants = new Map<string, TenantSamples>();

  constructor(
    private readonly shared: SharedLimits | null,
    private readonly clock: () => number = () => performance.now(),
  ) {}

  /** 0 where this tenant may send anything now, as far as this instance knows; otherwise milliseconds until it may send what it sent last. */
  waitMs(tenantId: string, rate: Rate): number {
    const { bucket, usual } = this.samplesOf(tenantId, rate);
    const nowMs = this.clock();
    return bucket.waitMs(1, nowMs) === 0 ? 0 : bucket.waitMs(usual, nowMs);
  }

  /** 0 where they may come, which `giveBack` undoes; otherwise milliseconds after which they could. Never rejects. */
  take(tenantId: string, rate: Rate, count: number): number | Promise<number> {
    const samples = this.samplesOf(tenantId, rate);
    samples.usual = count;
    const nowMs = this.clock();
    const waitMs = samples.bucket.take(count, nowMs);
    if (waitMs > 0) return waitMs;
    samples.taken += count;
    if (this.shared === null) return 0;
    if (nowMs > samples.aheadUntil) samples.ahead = 0;
    if (samples.ahead >= count) {
      samples.ahead -= count;
      return 0;
    }
    return this.takeShared(this.shared, samples, { tenantId, rate, count });
  }

  /** The samples were refused for another reason. */
  giveBack(tenantId: string, rate: Rate, count: number): void {
    const samples = this.samplesOf(tenantId, rate);
    samples.bucket.giveBack(count);
    samples.taken -= count;
    if (this.shared !== null) samples.ahead += count;
  }

  /** Of each limited tenant how much of its rate this instance let through since it was asked last, 1 at the limit. */
  usage(): readonly (readonly [tenantId: string, ratio: number])[] {
    const nowMs = this.clock();
    return [...this.tenants].map(([tenantId, samples]) => {
      const forMs = nowMs - samples.readAt;
      if (forMs >= USAGE_OVER_MS) {
        samples.usage = Math.max(samples.taken, 0) / (forMs / 1_000) / samples.perSecond; // given back may be what was told of before
        samples.taken = 0;
        samples.readAt = nowMs;
      }
      return [tenantId, samples.usage] as const;
    });
  }

  private async takeShared(
    shared: SharedLimits,
    samples: TenantSamples,
    { tenantId, rate, count }: { readonly tenantId: string; readonly rate: Rate; readonly count: number },
  ): Promise<number> {
    try {
      const grant = await shared.takeSamples(tenantId, rate, count, rate.perSecond * AHEAD_SECONDS);
      if ('granted' in grant) {
        samples.ahead += grant.granted - count;
        samples.aheadUntil = this.clock() + AHEAD_KEPT_MS;
        return 0;
      }
      samples.bucket.giveBack(count);
      samples.taken -= count;
      return grant.waitMs;
    } catch {
      return 0; // whoever shares it tells that it is away; this instance's own bucket has let them through
    }
  }

  private samplesOf(tenantId: string, rate: Rate): TenantSamples {
    const known = this.tenants.get(tenantId);
    if (known !== undefined) {
      known.bucket.follow(rate, this.clock());
      known.perSecond = rate.perSecond;
      return known;
    }
    const nowMs = this.clock();
    const { perSecond } = rate;
    const bucket = new TokenBucket(rate, nowMs);
    const samples = { bucket, ahead: 0, aheadUntil: 0, usual: 1, perSecond, taken: 0, readAt: nowMs, usage: 0 };
    this.tenants.set(tenantId, samples);
    return samples;
  }
}
