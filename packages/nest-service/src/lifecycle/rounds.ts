/** A piece of work that is done again and again: each time an interval after it ended the time before, so that rounds never overlap. */
export class Rounds {
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<unknown> = Promise.resolve();

  /** `work` must not reject: whatever it is at is tried again with the next round. The timer keeps no process alive. */
  constructor(
    private readonly work: () => Promise<unknown>,
    private readonly intervalMs: number,
  ) {}

  /** The first round comes after an interval too, unless it is said when. */
  start(firstAfterMs = this.intervalMs): void {
    this.timer = setTimeout(() => {
      this.round = this.work().finally(() => {
        if (this.timer !== undefined) this.start();
      });
    }, firstAfterMs).unref();
  }

  /** Begins no other round, and resolves once the one that is under way has ended. */
  async stop(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.round;
  }
}
