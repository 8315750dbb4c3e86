/** Where the end of a partition was, and when (epoch milliseconds). */
interface EndSample {
  readonly at: number;
  readonly end: number;
}

const MOST_SAMPLES = 400;

/**
 * Remembers how a partition's end moved, which tells for how long a reader has been behind it: since the end was where the reader is now.
 * Kafka itself does not tell when an offset was written without the record being fetched.
 *
 * What is long ago is remembered more coarsely, so that a week takes no more memory than an hour.
 */
export class EndHistory {
  private samples: EndSample[] = [];

  record(at: number, end: number): void {
    const last = this.samples.at(-1);
    if (last !== undefined && end < last.end) this.samples = []; // a topic that was made anew
    const [before] = this.samples.slice(-2);
    // While the end stands still its last moment is enough.
    if (this.samples.length >= 2 && before?.end === end && last?.end === end) this.samples.pop();
    this.samples.push({ at, end });
    if (this.samples.length > MOST_SAMPLES)
      this.samples = this.samples.filter((_, i) => i % 2 === 0 || i > MOST_SAMPLES / 2);
  }

  /** Seconds since the end passed this offset; at least so many where it had passed it before anything was remembered. 0 at the end. */
  secondsBehind(offset: number, now: number): number {
    const passed = this.samples.findIndex(({ end }) => end > offset);
    if (passed < 0) return 0;
    const after = this.samples[passed];
    const before = this.samples[passed - 1];
    if (after === undefined) return 0;
    if (before === undefined) return Math.max(now - after.at, 0) / 1_000;
    // Between two looks it is taken to have moved evenly.
    const share = (offset - before.end) / (after.end - before.end);
    return Math.max(now - (before.at + share * (after.at - before.at)), 0) / 1_000;
  }
}
