/** How fast samples may come. */
export interface Rate {
  readonly perSecond: number;
  /** How many may come at once after a pause; at least 1. */
  readonly burst: number;
}

/**
 * Tokens that come in at a steady rate. What needs more than the bucket holds is let through by a full one, which then owes the rest: a limit
 * below the size of a batch slows it down and never shuts it out.
 */
export class TokenBucket {
  private tokens: number;

  /** Times in milliseconds of any clock. */
  constructor(
    private rate: Rate,
    private at: number,
  ) {
    this.tokens = rate.burst;
  }

  /** A limit may change at any time; what was used stays used. */
  follow(rate: Rate, nowMs: number): void {
    if (rate.perSecond === this.rate.perSecond && rate.burst === this.rate.burst) return;
    this.refill(nowMs);
    this.rate = rate;
    this.tokens = Math.min(this.tokens, rate.burst);
  }

  /** Milliseconds until so many may come; 0: now. */
  waitMs(count: number, nowMs: number): number {
    this.refill(nowMs);
    const missing = Math.min(count, this.rate.burst) - this.tokens;
    return missing <= 0 ? 0 : Math.ceil((missing / this.rate.perSecond) * 1_000);
  }

  /** Takes them, or tells after how many milliseconds it could. */
  take(count: number, nowMs: number): number {
    const waitMs = this.waitMs(count, nowMs);
    if (waitMs === 0) this.tokens -= count;
    return waitMs;
  }

  giveBack(count: number): void {
    this.tokens = Math.min(this.tokens + count, this.rate.burst);
  }

  private refill(nowMs: number): void {
    const elapsedMs = Math.max(nowMs - this.at, 0);
    this.tokens = Math.min(this.tokens + (elapsedMs / 1_000) * this.rate.perSecond, this.rate.burst);
    this.at = nowMs;
  }
}
