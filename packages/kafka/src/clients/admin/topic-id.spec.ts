import { describe, expect, it } from '@jest/globals';

import { topicUuid } from './topic-id.js';

describe('topicUuid', () => {
  it('shows the 128 bits that Kafka prints in base64url, signed halves as librdkafka gives them', () => {
    // DHZvTkAzSCqYEPrKdiRgoQ, as kafka-topics.sh prints it.
    expect(topicUuid(898_027_557_582_227_498n, -7_489_210_432_844_701_535n)).toBe(
      '0c766f4e-4033-482a-9810-faca762460a1',
    );
    expect(topicUuid(0n, 0n)).toBe('00000000-0000-0000-0000-000000000000');
    expect(topicUuid(-1n, -1n)).toBe('ffffffff-ffff-ffff-ffff-ffffffffffff');
  });
});
