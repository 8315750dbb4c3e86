import type { Extent } from './stage.js';

interface Stopping {
  stop(): Promise<void>;
}

/** What several stages in a row need is started once. */
export class Shared {
  private current: { readonly start: unknown; readonly running: Stopping } | null = null;

  /** What `start` made, by whichever stage it was called first. Whatever another function made is stopped before. */
  async of<T extends Stopping>(start: (extent: Extent) => Promise<T>, extent: Extent): Promise<T> {
    if (this.current?.start === start) return this.current.running as T;
    await this.stop();
    const running = await start(extent);
    this.current = { start, running };
    return running;
  }

  /** What is asked for next is started anew. */
  async stop(): Promise<void> {
    const { current } = this;
    this.current = null;
    await current?.running.stop();
  }
}
