import { describe, expect, it } from '@jest/globals';

import { columnstore } from './timescale-rollups.js';

describe('the columnstore', () => {
  it('takes only what nothing is written to any more: behind the past window and what may be replayed from the DLQ', () => {
    const [, days] =
      /add_columnstore_policy\('metrics\.samples', after => INTERVAL '(\d+) days'/u.exec(columnstore.join('\n')) ?? [];
    expect(Number(days)).toBeGreaterThan(30 + 30);
  });
});
