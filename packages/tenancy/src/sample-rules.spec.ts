import { describe, expect, it } from '@jest/globals';

import { areLabelNames, isLabelName, isMetricName, isReservedLabelName, isStorableText } from './sample-rules.js';

describe("Prometheus' rules", () => {
  it.each(['up', '_x', ':job:rate5m', 'a1_:b'])('take %j for a metric name', (name) => {
    expect(isMetricName(name)).toBe(true);
  });

  it.each(['', '1a', 'a-b', 'a b', 'a.b', 'ä', 'a\n', '\na', 'a\0'])(
    'refuse %j as a metric name and a label name',
    (name) => {
      expect(isMetricName(name)).toBe(false);
      expect(isLabelName(name)).toBe(false);
    },
  );

  it('allow a colon in a metric name and not in a label name', () => {
    expect(isLabelName('job')).toBe(true);
    expect(isLabelName('job:x')).toBe(false);
  });

  it('look at all names anew where one of them is another than before', () => {
    expect(areLabelNames(['a', 'b'])).toBe(true);
    expect(areLabelNames(['a', 'b'])).toBe(true);
    for (const names of [['a', 'b-'], ['a-', 'b'], ['a', 'b', 'c-'], ['a-'], ['']]) {
      expect(areLabelNames(names)).toBe(false);
      expect(areLabelNames(names)).toBe(false);
    }
    for (const names of [['b', 'a'], ['a'], [], ['a', 'b', 'c']]) expect(areLabelNames(names)).toBe(true);
  });

  it('do not take names for good that were changed after they had been', () => {
    const names = ['a'];
    expect(areLabelNames(names)).toBe(true);
    names[0] = 'a-';
    expect(areLabelNames(names)).toBe(false);
  });

  it('reserve label names that start with two underscores', () => {
    expect(isReservedLabelName('__name__')).toBe(true);
    expect(isReservedLabelName('_name')).toBe(false);
  });

  it.each(['', 'prod', 'äöü 日本 🦦', '\t\n', '\u{10ffff}'])('take %j for a value', (text) => {
    expect(isStorableText(text)).toBe(true);
  });

  it.each(['\0', 'a\0b', '\ud800', 'a\udc00', '\udc00\ud800'])('refuse %j as a value', (text) => {
    expect(isStorableText(text)).toBe(false);
  });
});
