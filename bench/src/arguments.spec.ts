import { describe, expect, it } from '@jest/globals';

import { readArguments } from './arguments.js';
import type { Stage } from './stage.js';

const stage = (name: string, onRequest?: true): Stage => ({
  name,
  unit: 'records',
  about: '',
  target: null,
  peerTarget: null,
  ...(onRequest && { onRequest }),
  open: () => Promise.reject(new Error('nothing is opened')),
});
const [ONE, TWO, SLOW] = [stage('one'), stage('two'), stage('slow', true)];
const ALL = [ONE, TWO, SLOW];
const read = (...words: string[]) => readArguments(words, ALL);

describe('the words behind `npm run bench --`', () => {
  it('ask for every stage, shortly, unless they say otherwise', () => {
    expect(read()).toEqual({
      stages: [ONE, TWO],
      list: false,
      full: false,
      pairs: 5,
      peers: false,
      profiles: null,
      settings: {},
    });
    expect(read('--full', '--peers')).toMatchObject({ stages: ALL, full: true, pairs: 7, peers: true });
  });

  it('name stages, which run in their own order', () => {
    expect(read('slow', 'two', 'one')).toMatchObject({ stages: ALL });
    expect(read('two', '--pairs', '3')).toMatchObject({ stages: [TWO], pairs: 3 });
  });

  it('set variables of the apps, with any value', () => {
    expect(read('--set', 'A_B=1=2', '--set', 'C=')).toMatchObject({ settings: { A_B: '1=2', C: '' } });
  });

  it.each([
    [['three'], 'No such stage: three'],
    [['--pairs', '0'], '--pairs 0'],
    [['--pairs', 'many'], '--pairs many'],
    [['--set', 'novalue'], '--set wants NAME=VALUE'],
    [['--fast'], 'Unknown option'],
  ])('%j is a mistake, and what is wrong is said', (words, said) => {
    expect(read(...words)).toContain(said);
  });
});
