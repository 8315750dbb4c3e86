import { once } from 'node:events';

import { describe, expect, it } from '@jest/globals';

import { Rounds } from './rounds.js';

describe('Rounds', () => {
  it('come one after the other, and end with the one that is under way', async () => {
    const under: string[] = [];
    const ending = new AbortController();
    const third = once(ending.signal, 'abort');
    const rounds = new Rounds(async () => {
      under.push('begins');
      if (under.length === 5) ending.abort();
      await new Promise(setImmediate);
      under.push('ends');
    }, 1);
    rounds.start(0);
    await third;
    await rounds.stop();
    expect(under).toEqual(['begins', 'ends', 'begins', 'ends', 'begins', 'ends']);
  });
});
