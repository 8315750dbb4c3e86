import { describe, expect, it } from '@jest/globals';

import { aggregateQuestion, listQuestion, pointsQuestion } from './questions.js';

const asker = { tenantId: 'acme', nowMs: 10_000_000 };

describe('pointsQuestion', () => {
  it("asks for the asker's tenant whatever the query string says", () => {
    expect(() => pointsQuestion(asker, { name: 'load1', tenantId: 'other' })).toThrow(
      expect.objectContaining({ code: 'parameter_unknown' }),
    );
    expect(pointsQuestion(asker, { name: 'load1', 'label.tenant_id': 'other' })).toEqual({
      tenantId: 'acme',
      name: 'load1',
      labels: { tenant_id: 'other' },
      fromMs: 6_400_000,
      toMs: 10_000_000,
      limit: 100,
    });
  });

  it('leaves the range to the cursor, unless one is given', () => {
    expect(pointsQuestion(asker, { name: 'x', cursor: 'abc' })).not.toHaveProperty('fromMs');
    expect(pointsQuestion(asker, { name: 'x', cursor: 'abc', to: '5' })).toMatchObject({ toMs: 5 });
  });

  it('tells a missing environment from one that is asked to be absent', () => {
    expect(pointsQuestion(asker, { name: 'x' })).not.toHaveProperty('environment');
    expect(pointsQuestion(asker, { name: 'x', environment: '' })).toMatchObject({ environment: null });
    expect(pointsQuestion(asker, { name: 'x', environment: 'prod' })).toMatchObject({ environment: 'prod' });
  });

  it.each([
    ['parameter_missing', {}],
    ['parameter_missing', { name: 'x', cursor: '' }],
    ['limit_out_of_range', { name: 'x', limit: '101' }],
    ['range_empty', { name: 'x', from: '2', to: '2' }],
    ['parameter_unknown', { name: 'x', step: '5m' }],
  ])('answers %s to %j', (code, raw) => {
    expect(() => pointsQuestion(asker, raw)).toThrow(expect.objectContaining({ code }));
  });
});

describe('aggregateQuestion', () => {
  it('reads step and grouping', () => {
    expect(aggregateQuestion(asker, { name: 'x', step: '5m', agg: 'p95', by: 'host,path' })).toMatchObject({
      stepMs: 300_000,
      agg: 'p95',
      by: ['host', 'path'],
    });
  });

  it.each([
    ['parameter_missing', { name: 'x', agg: 'avg' }],
    ['parameter_missing', { name: 'x', step: '5m' }],
    ['aggregation_unknown', { name: 'x', step: '5m', agg: 'median' }],
    ['duration_unreadable', { name: 'x', step: '5 minutes', agg: 'avg' }],
    ['grouping_unreadable', { name: 'x', step: '5m', agg: 'avg', by: 'host,' }],
    ['grouping_unreadable', { name: 'x', step: '5m', agg: 'avg', by: 'host,host' }],
    ['parameter_unknown', { name: 'x', step: '5m', agg: 'avg', limit: '10' }],
  ])('answers %s to %j', (code, raw) => {
    expect(() => aggregateQuestion(asker, raw)).toThrow(expect.objectContaining({ code }));
  });
});

describe('listQuestion', () => {
  it('may be narrowed and paged', () => {
    expect(listQuestion(asker, { name: 'x', 'label.host': 'a', limit: '5', cursor: 'abc' })).toEqual({
      tenantId: 'acme',
      name: 'x',
      labels: { host: 'a' },
      limit: 5,
      cursor: 'abc',
    });
  });
});
