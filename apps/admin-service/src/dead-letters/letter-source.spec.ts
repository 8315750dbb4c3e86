import { describe, expect, it } from '@jest/globals';

import { LetterSource } from './letter-source.js';
import type { DeadLetterRow } from './views.js';

describe('a dead letter', () => {
  it('is not waited for any longer where others before it are not answered', async () => {
    const log = {
      read: (_range: unknown, _take: unknown, signal?: AbortSignal): Promise<void> =>
        new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
    };
    const admin = {
      watermarks: () => Promise.resolve([{ topic: 'metrics.dlq', partition: 0, low: 0, high: 10 }]),
    };
    const source = new LetterSource(log, admin, 'metrics.dlq', 50);
    const row = { dlq_partition: 0, dlq_offset: '3', value_sha256: Buffer.alloc(32) } as DeadLetterRow;
    await expect(source.fetch(row)).rejects.toMatchObject({ code: 'kafka_unavailable' });
  });
});
