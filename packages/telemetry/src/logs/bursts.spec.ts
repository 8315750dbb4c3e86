import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { Bursts, type LogLine } from './bursts.js';

const WARN = 40;
const line = (message: string, fields: LogLine['fields'] = {}): LogLine => ({ level: WARN, fields, message });

let bursts: Bursts;
let written: LogLine[];
beforeEach(() => {
  jest.useFakeTimers();
  bursts = new Bursts({ first: 3, windowMs: 10_000, longestWindowMs: 40_000, kinds: 3 });
  written = [];
});
afterEach(() => {
  jest.useRealTimers();
});

const take = (...lines: LogLine[]): void => {
  for (const each of lines) bursts.take(each, (taken) => written.push(taken));
};
const times = (count: number, each: (i: number) => LogLine): LogLine[] =>
  Array.from({ length: count }, (_, i) => each(i));
const counted = (): number => written.reduce((sum, { fields }) => sum + Number(fields['repeated'] ?? 1), 0);

describe('a burst of equal lines', () => {
  it('is written for the first few, and then as the newest with how many it stands for', () => {
    take(...times(100, (i) => line(`broker ${i} is away`, { try: i })));
    expect(written.map(({ message }) => message)).toEqual(['broker 0 is away', 'broker 1 is away', 'broker 2 is away']);
    jest.advanceTimersByTime(10_000);
    expect(written).toHaveLength(4);
    expect(written.at(-1)).toEqual(
      line('broker 99 is away', { try: 99, repeated: 97, repeatedForMs: expect.any(Number) }),
    );
  });

  it('that goes on is told ever more seldom, with nothing uncounted', () => {
    for (let second = 0; second < 300; second += 1) {
      take(...times(4, () => line('away')));
      jest.advanceTimersByTime(1_000);
    }
    bursts.flush();
    expect(counted()).toBe(1_200);
    expect(written.length).toBeLessThan(3 + 12);
  });

  it('is over after a window without a line: the next is written at once', () => {
    take(...times(5, () => line('away')));
    jest.advanceTimersByTime(30_000);
    const before = written.length;
    take(line('away'));
    expect(written).toHaveLength(before + 1);
    expect(written.at(-1)?.fields).toEqual({});
  });

  it('holds back no other line: not of another text, level, topic, origin, path or error', () => {
    bursts = new Bursts({ first: 1 });
    take(
      line('away'),
      { ...line('away'), level: 50 },
      line('away', { topic: 'a' }),
      line('away', { context: 'Kafka' }),
      line('away', { error: Object.assign(new Error('no'), { code: 'store_unavailable' }) }),
      line('away', { error: new TypeError('x is undefined') }),
      line('away', { error: new TypeError('y is undefined') }),
      line('away', { path: '/a' }),
      line('back'),
    );
    expect(written).toHaveLength(9);
  });

  it('of more kinds than are watched is written as it comes', () => {
    take(...['a', 'b', 'c', 'd'].flatMap((text) => times(5, () => line(text))));
    expect(written.filter(({ message }) => message === 'd')).toHaveLength(5);
    expect(written.filter(({ message }) => message === 'a')).toHaveLength(3);
  });
});
