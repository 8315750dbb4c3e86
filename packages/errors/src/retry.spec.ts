import { describe, expect, it } from '@jest/globals';

import { backoffMs, KafkaError, retry, ValidationError } from './index.js';

const quick = { minMs: 1, maxMs: 2 };

describe('backoffMs', () => {
  it('doubles up to its bound and never waits less than half of it', () => {
    const low = [1, 2, 3, 4, 5, 60].map((n) => backoffMs(n, { minMs: 100, maxMs: 1000 }, () => 0));
    const high = [1, 2, 3, 4, 5, 60].map((n) => backoffMs(n, { minMs: 100, maxMs: 1000 }, () => 1));
    expect(low).toEqual([50, 100, 200, 400, 500, 500]);
    expect(high).toEqual([100, 200, 400, 800, 1000, 1000]);
  });
});

describe('retry', () => {
  it('goes on until the system is back, telling each pause', async () => {
    const pauses: number[] = [];
    const answer = await retry(
      async (attempt) => {
        if (attempt < 4) throw new KafkaError('away');
        return attempt;
      },
      { ...quick, onRetry: (_error, attempt) => pauses.push(attempt) },
    );
    expect(answer).toBe(4);
    expect(pauses).toEqual([1, 2, 3]);
  });

  it("gives up at once on a caller's mistake", async () => {
    let calls = 0;
    const attempt = retry(async () => {
      calls += 1;
      throw new ValidationError('name', 'empty');
    }, quick);
    await expect(attempt).rejects.toMatchObject({ code: 'name' });
    expect(calls).toBe(1);
  });

  it('stops after the given number of tries', async () => {
    let calls = 0;
    const attempt = retry(
      async () => {
        calls += 1;
        throw new KafkaError('away');
      },
      { ...quick, attempts: 3 },
    );
    await expect(attempt).rejects.toBeInstanceOf(KafkaError);
    expect(calls).toBe(3);
  });

  it('ends its pause when the signal fires, with the last error and not with an abort', async () => {
    const controller = new AbortController();
    const attempt = retry(
      async () => {
        throw new KafkaError('away');
      },
      { minMs: 60_000, maxMs: 60_000, signal: controller.signal, onRetry: () => controller.abort() },
    );
    await expect(attempt).rejects.toMatchObject({ code: 'kafka_unavailable' });
  });
});
