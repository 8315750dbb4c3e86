import { describe, expect, it } from '@jest/globals';

import { RefusalWatch } from './refusal.js';

const BROKER = '[thrd:sasl_ssl://127.0.0.1:9192/bootstrap]: sasl_ssl://127.0.0.1:9192/bootstrap';

// As librdkafka 2.15 wrote them on brokers that refused for that reason.
const LINES = [
  [
    'kafka_authentication_failed',
    `${BROKER}: SASL authentication error: Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-512 (after 360ms in state AUTH_REQ)`,
  ],
  ['kafka_authentication_failed', 'authentication failure'],
  [
    'kafka_tls_failed',
    `${BROKER}: SSL handshake failed: error:0A000086:SSL routines::certificate verify failed: broker certificate could not be verified, verify that ssl.ca.location is correctly configured or root CA certificates are installed (install ca-certificates package) (after 31ms in state SSL_HANDSHAKE)`,
  ],
  [
    'kafka_tls_failed',
    `${BROKER}: SSL handshake failed: Disconnected: SSL connection closed by peer: connecting to a PLAINTEXT broker listener? (after 1ms in state SSL_HANDSHAKE)`,
  ],
  [
    'kafka_tls_failed',
    '[thrd:app]: kafka: error:80000002:system library::No such file or directory: calling fopen(/ca.pem, r)',
  ],
  ['kafka_tls_failed', 'ssl error'],
  [
    'kafka_authorization_failed',
    '[thrd:main]: Fatal error: Broker: Cluster authorization failed: Failed to acquire idempotence PID from broker sasl_ssl://127.0.0.1:9192/1: Broker: Cluster authorization failed',
  ],
] as const;

describe('RefusalWatch', () => {
  it.each(LINES)('tells %s from what librdkafka logs: %s', (code, line) => {
    const watch = new RefusalWatch();
    watch.heard(line);
    expect(watch.current?.code).toBe(code);
    expect(watch.current?.why).not.toMatch(/thrd:|in state/);
  });

  it('takes no broker that is away, and none that ends a connection which stood, for one that refuses', () => {
    const watch = new RefusalWatch();
    watch.heard('authentication failure');
    watch.heard(`${BROKER}: Connect to ipv4#127.0.0.1:9192 failed: Connection refused (after 0ms in state CONNECT)`);
    expect(watch.current).toBeNull();
    watch.heard(`${BROKER}: Disconnected: SSL connection closed by peer (after 52345ms in state UP)`);
    expect(watch.current).toBeNull();
  });

  it('tells of a refusal once, and of another one', () => {
    const told: string[] = [];
    const watch = new RefusalWatch(({ code }) => told.push(code));
    for (const [, line] of LINES) watch.heard(line);
    watch.clear();
    watch.heard('ssl error');
    expect(told).toEqual([
      'kafka_authentication_failed',
      'kafka_tls_failed',
      'kafka_authorization_failed',
      'kafka_tls_failed',
    ]);
  });
});
