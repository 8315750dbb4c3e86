import type { GlobalConfig } from '@confluentinc/kafka-javascript';
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

import type { KafkaConnection } from '../connection.js';

/**
 * What this process is called in the broker's logs, quotas and group descriptions: `<prefix>-<host>-<unique>`.
 *
 * Two clients never share one, also not two of one process: a broker that saw the same id twice could not tell them apart.
 */
export function uniqueClientId(prefix: string): string {
  return `${prefix}-${hostname()}-${randomBytes(4).toString('hex')}`;
}

const PROTOCOLS = {
  PLAINTEXT: 'plaintext',
  SSL: 'ssl',
  SASL_PLAINTEXT: 'sasl_plaintext',
  SASL_SSL: 'sasl_ssl',
} as const;

/**
 * The librdkafka settings that every client of Weir shares: where the cluster is, who we are, and how we prove it.
 *
 * Reconnecting is kept brisk (librdkafka would wait up to 10 s): a broker that is back should be used within a second or two.
 */
export function clientSettings(connection: KafkaConnection): GlobalConfig {
  return {
    'bootstrap.servers': connection.bootstrapServers,
    'client.id': uniqueClientId(connection.clientId),
    'security.protocol': PROTOCOLS[connection.securityProtocol],
    'socket.keepalive.enable': true,
    'reconnect.backoff.ms': 100,
    'reconnect.backoff.max.ms': 2_000,
    ...saslSettings(connection),
    ...sslSettings(connection),
  };
}

function saslSettings({ sasl, securityProtocol }: KafkaConnection): GlobalConfig {
  if (sasl === undefined || !securityProtocol.startsWith('SASL')) return {};
  return { 'sasl.mechanisms': sasl.mechanism, 'sasl.username': sasl.username, 'sasl.password': sasl.password };
}

function sslSettings({ ssl, securityProtocol }: KafkaConnection): GlobalConfig {
  if (ssl === undefined || !securityProtocol.endsWith('SSL')) return {};
  return {
    ...(ssl.caLocation !== undefined && { 'ssl.ca.location': ssl.caLocation }),
    ...(ssl.certificateLocation !== undefined && { 'ssl.certificate.location': ssl.certificateLocation }),
    ...(ssl.keyLocation !== undefined && { 'ssl.key.location': ssl.keyLocation }),
    ...(ssl.keyPassword !== undefined && { 'ssl.key.password': ssl.keyPassword }),
  };
}
