/** Where the partitions ended when it was asked, and when that was; times by the monotonic clock. */
interface Question {
  readonly askedAt: number;
  readonly ends: ReadonlyMap<number, number>;
}

/**
 * Whether a reader holds all of a topic, and since when that was last known.
 *
 * A topic's end is asked for again and again. Once what the reader has delivered reaches the answer, it held all that there was
 * when it was asked, however long the answer or the records took.
 */
export class EndProof {
  #question: Question | null = null;
  #provenAt = Number.NEGATIVE_INFINITY;
  #complete = false;

  /** Whether the end that was seen first has been reached. */
  get complete(): boolean {
    return this.#complete;
  }

  /** Milliseconds since the reader was last known to hold everything; Infinity before that was ever so. */
  ageMs(now = performance.now()): number {
    return now - this.#provenAt;
  }

  /** A newer answer takes the place of one that is not reached yet only if something has been proven before. */
  ask(question: Question): void {
    if (this.#question === null || this.#complete) this.#question = question;
  }

  /** `delivered`: the offset after what the reader has gone past. */
  advance(delivered: (partition: number) => number): void {
    if (this.#question === null) return;
    for (const [partition, end] of this.#question.ends) if (delivered(partition) < end) return;
    this.#provenAt = this.#question.askedAt;
    this.#complete = true;
    this.#question = null;
  }

  /** Begins anew with another topic. */
  reset(): void {
    this.#question = null;
    this.#complete = false;
    this.#provenAt = Number.NEGATIVE_INFINITY;
  }

  /** Forgets a question whose answer belongs to a reading that ended; what was proven stays. */
  forgetQuestion(): void {
    this.#question = null;
  }
}
