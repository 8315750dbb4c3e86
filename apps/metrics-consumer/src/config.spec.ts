import { describe, expect, it } from '@jest/globals';

import { loadConfig } from './config.js';

const ENV = {
  NODE_ENV: 'test',
  KAFKA_BOOTSTRAP_SERVERS: '127.0.0.1:9092',
  SCHEMA_REGISTRY_URL: 'http://127.0.0.1:8081',
  DATABASE_URL: 'postgres://weir:weir@127.0.0.1:5432/weir',
};

describe('the configuration of metrics-consumer', () => {
  it.each([
    { DATABASE_STATEMENT_TIMEOUT: '60s' },
    { DATABASE_LOCK_TIMEOUT: '2m' },
    { DATABASE_IDLE_IN_TRANSACTION_TIMEOUT: '60s' },
  ])('is refused where a frozen member could hold its successor’s lines: %j', (limit) => {
    expect(() => loadConfig({ ...ENV, ...limit })).toThrow(Object.keys(limit)[0]);
  });

  it('is refused where a dead letter may take longer than the transaction that awaits it', () => {
    expect(() => loadConfig({ ...ENV, DEAD_LETTER_DELIVERY_TIMEOUT: '15s' })).toThrow('DEAD_LETTER_DELIVERY_TIMEOUT');
  });

  it('is refused where an instance that gives no sign of life would be waited for longer than one that works', () => {
    expect(() => loadConfig({ ...ENV, CONSUMER_SESSION_TIMEOUT: '61s' })).toThrow('CONSUMER_SESSION_TIMEOUT');
    expect(loadConfig({ ...ENV, CONSUMER_SESSION_TIMEOUT: '6s' }).settling.consumer.sessionTimeoutMs).toBe(6_000);
  });

  it('keeps to all of that by itself, with one time-out for the group and for what is held against it', () => {
    const { settling, store } = loadConfig(ENV);
    const { statementTimeoutMs, lockTimeoutMs, idleInTransactionTimeoutMs } = store.connection;
    for (const limitMs of [statementTimeoutMs, lockTimeoutMs, idleInTransactionTimeoutMs])
      expect(limitMs).toBeLessThan(settling.consumer.maxPollIntervalMs);
    expect(settling.deadLetters.deliveryTimeoutMs).toBeLessThan(idleInTransactionTimeoutMs);
  });
});
