import { describe, expect, it } from '@jest/globals';
import { classify } from '@weir/errors';

import { limitOf } from './limit.js';
import { Parameters } from './parameters.js';

const codeOf = (read: () => unknown): string => {
  try {
    read();
  } catch (error) {
    return classify(error).code;
  }
  return 'accepted';
};

describe('Parameters', () => {
  it('refuses what nobody asked for, so that a misspelt filter never widens an answer', () => {
    const parameters = new Parameters({ name: 'load1', lable: 'x' });
    parameters.required('name');
    expect(codeOf(() => parameters.finish())).toBe('parameter_unknown');
    const nameless = new Parameters({ 'label.': 'x' });
    expect(nameless.labels()).toEqual({});
    expect(codeOf(() => nameless.finish())).toBe('parameter_unknown');
  });

  it('refuses a parameter that occurs twice, labels included', () => {
    const parameters = new Parameters({ name: ['a', 'b'], 'label.host': ['a', 'b'] });
    expect(codeOf(() => parameters.optional('name'))).toBe('parameter_repeated');
    expect(codeOf(() => parameters.labels())).toBe('parameter_repeated');
  });

  it('refuses a required one that is missing or empty', () => {
    expect(codeOf(() => new Parameters({}).required('name'))).toBe('parameter_missing');
    expect(codeOf(() => new Parameters({ name: '' }).required('name'))).toBe('parameter_missing');
  });

  it('takes labels by their names, odd ones included', () => {
    const parameters = new Parameters({ 'label.host': 'a b=c', 'label.__proto__': 'x', 'label.empty': '' });
    expect(Object.entries(parameters.labels())).toEqual([
      ['host', 'a b=c'],
      ['__proto__', 'x'],
      ['empty', ''],
    ]);
    expect(codeOf(() => parameters.finish())).toBe('accepted');
  });

  it.each(['a\0b', '\ud800'])('refuses the text %j, which no metric can hold', (text) => {
    expect(codeOf(() => new Parameters({ name: text }).optional('name'))).toBe('parameter_unreadable');
    expect(codeOf(() => new Parameters({ [`label.${text}`]: 'x' }).labels())).toBe('parameter_unreadable');
  });

  it('takes nothing from a prototype', () => {
    expect(new Parameters({}).optional('toString')).toBeUndefined();
  });
});

describe('limitOf', () => {
  it.each(['1', '100'])('accepts %p', (limit) => {
    expect(limitOf(new Parameters({ limit }), { most: 100, usual: 50 })).toBe(Number(limit));
  });

  it.each(['0', '101', '-1', '1.5', '1e2', 'ten', ' 5', '99999999999'])('refuses %p and clamps nothing', (limit) => {
    expect(codeOf(() => limitOf(new Parameters({ limit }), { most: 100, usual: 50 }))).toBe('limit_out_of_range');
  });

  it('has a usual value', () => {
    expect(limitOf(new Parameters({}), { most: 100, usual: 50 })).toBe(50);
  });
});
