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
});
