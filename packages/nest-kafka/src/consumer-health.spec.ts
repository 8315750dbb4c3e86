import { describe, expect, it } from '@jest/globals';
import type { ConsumerState } from '@weir/kafka';

import { consumerHealth } from './consumer-health.js';

const state = (status: ConsumerState['status'], reason?: string): ConsumerState => ({
  status,
  since: 0,
  assigned: 3,
  ...(reason !== undefined && { reason }),
});

const healthOf = (...states: ConsumerState[]): string =>
  consumerHealth(new Map(states.map((each, at) => [`topic ${at}`, each]))).status;

describe('the health of consumers', () => {
  it('is healthy only while all of them take records', () => {
    expect(healthOf(state('running'), state('running'))).toBe('healthy');
    expect(healthOf(state('running'), state('waiting', 'store_unavailable'))).toBe('unhealthy');
    expect(healthOf(state('running'), state('failed', 'stalled'))).toBe('unhealthy');
    expect(healthOf(state('starting'))).toBe('unhealthy');
  });

  it('is degraded where one was paused, and no worse: it does what it was told', () => {
    expect(healthOf(state('running'), state('waiting', 'paused'))).toBe('degraded');
    expect(healthOf(state('waiting', 'kafka_unavailable'), state('waiting', 'paused'))).toBe('unhealthy');
  });

  it('says for each topic since when it has been so, and why', () => {
    const states = new Map([['metrics.raw', state('waiting', 'kafka_unavailable')]]);
    expect(consumerHealth(states)).toMatchObject({
      consumers: {
        'metrics.raw': {
          status: 'waiting',
          reason: 'kafka_unavailable',
          since: '1970-01-01T00:00:00.000Z',
          assigned: 3,
        },
      },
    });
  });

  it('tells how far behind a consumer is, once that was measured', () => {
    const at = { topic: 'eu.metrics.raw', end: 10, next: 3 };
    const lags = new Map([
      [
        'metrics.raw',
        [
          { ...at, partition: 0, lag: 7, behindMs: 12_400 },
          { ...at, partition: 1, lag: 2, behindMs: null },
        ],
      ],
    ]);
    const running = { status: 'running', since: 0, assigned: 2 } as const;
    const states = new Map([
      ['metrics.raw', running],
      ['tenants', running],
    ]);
    const since = new Date(0).toISOString();
    expect(consumerHealth(states, lags)).toEqual({
      status: 'healthy',
      consumers: {
        'metrics.raw': { status: 'running', since, assigned: 2, lag: 9, lag_seconds: 12 },
        tenants: { status: 'running', since, assigned: 2 },
      },
    });
  });
});
