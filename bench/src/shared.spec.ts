import { describe, expect, it } from '@jest/globals';

import { Shared } from './shared.js';

const EXTENT = { seconds: 1, records: 2, asked: { samples: 1, series: 1 }, peers: false };

/** Something to share, and what happened to it. */
function starting(name: string, said: string[]) {
  return ({ records }: typeof EXTENT) => {
    said.push(`${name} of ${records}`);
    return Promise.resolve({
      name,
      stop: () => {
        said.push(`no ${name}`);
        return Promise.resolve();
      },
    });
  };
}

describe('what stages share', () => {
  it('is started once for those in a row, and stopped before another is started', async () => {
    const said: string[] = [];
    const [one, two] = [starting('one', said), starting('two', said)];
    const shared = new Shared();

    const first = await shared.of(one, EXTENT);
    expect(await shared.of(one, EXTENT)).toBe(first);
    expect((await shared.of(two, EXTENT)).name).toBe('two');
    expect(await shared.of(one, EXTENT)).not.toBe(first);
    expect(said).toEqual(['one of 2', 'no one', 'two of 2', 'no two', 'one of 2']);
  });

  it('is started anew once it was stopped, which is done once', async () => {
    const said: string[] = [];
    const one = starting('one', said);
    const shared = new Shared();

    await shared.of(one, EXTENT);
    await shared.stop();
    await shared.stop();
    await shared.of(one, EXTENT);
    expect(said).toEqual(['one of 2', 'no one', 'one of 2']);
  });
});
