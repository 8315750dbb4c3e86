import { describe, expect, it } from '@jest/globals';

import { isTooComplex, marksAllowed } from './json-guard.js';

describe('isTooComplex', () => {
  it('lets the largest honest body through', () => {
    const labels = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`label_${n}`, `va{lu[e, :"\\${n}`]));
    const metrics = Array.from({ length: 1000 }, () => ({
      name: 'a',
      value: 1,
      timestamp: 1,
      labels,
      environment: 'e',
    }));
    expect(isTooComplex(Buffer.from(JSON.stringify({ metrics })), marksAllowed(1000))).toBe(false);
  });

  it('does not take what stands in strings for structure', () => {
    expect(isTooComplex(Buffer.from(`["${'[{,:\\"'.repeat(100_000)}"]`), 10)).toBe(false);
    expect(isTooComplex(Buffer.from(`["${'\\\\'.repeat(100_000)}", [[1]]]`), 10)).toBe(false);
  });

  it('ends on a string that does not', () => {
    expect(isTooComplex(Buffer.from(`"${'x'.repeat(100_000)}\\`), 10)).toBe(false);
  });
});
