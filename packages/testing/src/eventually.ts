import { setTimeout as wait } from 'node:timers/promises';

export interface EventuallyOptions {
  readonly timeoutMs?: number;
  readonly intervalMs?: number;
}

/**
 * Asks `probe` again and again until `holds` accepts its answer, and returns that answer.
 *
 * Rejects after `timeoutMs` (40 s unless given: a bound for what went wrong, and much longer than anything takes), saying what the last answer or error was.
 */
export async function eventually<T>(
  probe: () => T | Promise<T>,
  holds: (answer: T) => boolean = Boolean,
  { timeoutMs = 40_000, intervalMs = 50 }: EventuallyOptions = {},
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    // Once more when the time is over: all of it may have gone by while the process stood still.
    const isLast = Date.now() >= deadline;
    let last: string;
    try {
      const answer = await probe();
      if (holds(answer)) return answer;
      last = `the last answer was ${JSON.stringify(answer)}`;
    } catch (error) {
      last = `the last try failed: ${String(error)}`;
    }
    if (isLast) throw new Error(`Not within ${timeoutMs} ms; ${last}`);
    await wait(intervalMs);
  }
}
