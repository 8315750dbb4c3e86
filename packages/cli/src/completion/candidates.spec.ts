import { describe, expect, it } from '@jest/globals';

import { weirProgram } from '../program.js';
import { candidates } from './candidates.js';

const program = weirProgram({ run: () => Promise.resolve() });
const wordsAfter = (...words: string[]): string[] => candidates(program, words).map(({ word }) => word);

describe('completion', () => {
  it('offers commands, and only those that begin so', () => {
    expect(wordsAfter('')).toEqual(expect.arrayContaining(['status', 'topics', 'dlq', 'send']));
    expect(wordsAfter('')).not.toContain('__complete');
    expect(wordsAfter('t')).toEqual(['topics', 'tenants']);
  });

  it('offers the commands below a command, and its options once they are asked for', () => {
    expect(wordsAfter('dlq', 're')).toEqual(['replay', 'replays', 'resume', 'restore']);
    expect(wordsAfter('dlq', 'replay', '--')).toEqual(expect.arrayContaining(['--canary', '--yes', '--json']));
  });

  it('offers the values of an option, and nothing else in their place', () => {
    expect(wordsAfter('dlq', 'list', '--class', '')).toEqual(['poison', 'invalid', 'rejected', 'unreadable']);
    expect(wordsAfter('query', 'up', '--agg', 'p')).toEqual(['p50', 'p95', 'p99']);
    expect(wordsAfter('dlq', 'list', '--tenant', '')).toEqual([]);
  });

  it("offers the names of Weir's topics and of shells, without asking anybody", () => {
    expect(wordsAfter('messages', 'metrics.')).toEqual(['metrics.raw', 'metrics.dlq']);
    expect(wordsAfter('--json', 'completion', '')).toEqual(['bash', 'zsh', 'fish']);
  });

  it('knows global options before a command', () => {
    expect(wordsAfter('--admin-url', 'http://here', 'stat')).toEqual(['status']);
  });
});
