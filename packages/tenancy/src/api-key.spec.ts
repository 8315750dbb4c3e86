import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';

import { apiKeyId, apiKeyMatches, generateApiKey, generateOperatorKey, hashApiKey, operatorKeyId } from './api-key.js';

describe('API keys', () => {
  it('have 256 random bits, an id that can be shown, and a hash that is all one keeps', () => {
    const { id, key, hash } = generateApiKey();

    expect(key).toMatch(/^wk_[0-9a-f]{16}_[0-9a-f]{64}$/);
    expect(apiKeyId(key)).toBe(id);
    expect(hash).toBe(createHash('sha256').update(key).digest('hex'));
    expect(generateApiKey().key).not.toBe(key);
  });

  it('match their own hash alone, and nothing where there is no hash', () => {
    const { key } = generateApiKey();

    expect(apiKeyMatches(key, hashApiKey(key))).toBe(true);
    expect(apiKeyMatches(`${key}0`, hashApiKey(key))).toBe(false);
    expect(apiKeyMatches(key, null)).toBe(false);
    // The stand-in that unknown ids are compared with opens nothing.
    expect(apiKeyMatches(key, Buffer.alloc(32))).toBe(false);
  });

  it('of operators open nothing of tenants, and the other way round', () => {
    const { id, key } = generateOperatorKey();
    expect(key).toMatch(/^wo_[0-9a-f]{16}_[0-9a-f]{64}$/);
    expect(operatorKeyId(key)).toBe(id);
    expect(apiKeyId(key)).toBeNull();
    expect(operatorKeyId(generateApiKey().key)).toBeNull();
  });

  it.each([
    '',
    'wk_',
    'wk_a',
    'wk_a_',
    'wk__b',
    'wk_a_b_c',
    'WK_a_b',
    ' wk_a_b',
    'wk_a_b\n',
    'wk_ä_b',
    `wk_a_${'b'.repeat(129)}`,
  ])('are not what %j is', (text) => {
    expect(apiKeyId(text)).toBeNull();
  });
});
