import { QueryRefusal } from '../http/problems.js';
import type { Asker } from '../queries/questions.js';

export interface TurnsOptions {
  /** Queries of one tenant that run at once. */
  readonly running: number;
  /** Queries of one tenant that wait for one of those to end. */
  readonly waiting: number;
  /** How long one waits, in milliseconds. */
  readonly waitMs: number;
}

interface Line {
  running: number;
  /** Those that wait, in the order in which they came. */
  readonly waiting: Set<() => void>;
}

/**
 * Lets each tenant run so many queries at once, a few more wait, and refuses the rest with `too_many_queries`.
 *
 * The connections to the store are everyone's: without this, one tenant whose queries are slow would leave none to the others.
 */
export class Turns {
  private readonly lines = new Map<string, Line>();

  constructor(private readonly options: TurnsOptions) {}

  /** Rejects with what `work` rejects with, QueryRefusal `too_many_queries`, or the reason of the asker's signal. */
  async take<T>({ tenantId, signal }: Asker, work: () => Promise<T>): Promise<T> {
    const line = this.lines.get(tenantId) ?? { running: 0, waiting: new Set() };
    this.lines.set(tenantId, line);
    if (line.running < this.options.running) line.running += 1;
    else await this.wait(line, signal); // whoever ends hands its place over
    try {
      return await work();
    } finally {
      const [next] = line.waiting;
      if (next !== undefined) next();
      else {
        line.running -= 1;
        if (line.running === 0) this.lines.delete(tenantId);
      }
    }
  }

  private wait({ waiting }: Line, signal: AbortSignal): Promise<void> {
    if (waiting.size >= this.options.waiting) throw new QueryRefusal('too_many_queries');
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        waiting.delete(go);
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
      };
      const go = (): void => {
        leave();
        resolve();
      };
      const giveUp = (): void => {
        leave();
        reject(signal.aborted ? signal.reason : new QueryRefusal('too_many_queries'));
      };
      const timer = setTimeout(giveUp, this.options.waitMs);
      signal.addEventListener('abort', giveUp);
      waiting.add(go);
    });
  }
}
