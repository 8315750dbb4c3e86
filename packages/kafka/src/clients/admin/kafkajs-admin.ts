import { readFile } from 'node:fs/promises';
import kafkajs, { type Admin, type KafkaConfig, type SASLOptions } from 'kafkajs';

import type { KafkaConnection } from '../../connection.js';
import { uniqueClientId } from '../client-settings.js';
import { adminError } from './admin-errors.js';

/** kafkajs' admin, for what the Confluent client cannot do, or not safely. Connects for each call. */
export class KafkajsAdmin {
  readonly #connection: KafkaConnection;
  readonly #timeoutMs: number;

  constructor(connection: KafkaConnection, timeoutMs: number) {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
  }

  /** Rejects with KafkaAdminError that names the operation. */
  async call<T>(operation: string, work: (admin: Admin) => Promise<T>): Promise<T> {
    try {
      const admin = new kafkajs.Kafka(await kafkajsSettings(this.#connection, this.#timeoutMs)).admin();
      try {
        await admin.connect();
        return await work(admin);
      } finally {
        await admin.disconnect();
      }
    } catch (error) {
      throw adminError(operation, error);
    }
  }
}

async function kafkajsSettings(connection: KafkaConnection, timeoutMs: number): Promise<KafkaConfig> {
  const ssl = await sslSettings(connection);
  const sasl = saslSettings(connection);
  return {
    clientId: uniqueClientId(connection.clientId),
    brokers: connection.bootstrapServers.split(',').map((server) => server.trim()),
    connectionTimeout: timeoutMs,
    requestTimeout: timeoutMs,
    retry: { retries: 1 },
    // Failures reach the caller as errors; kafkajs would print them as well.
    logLevel: kafkajs.logLevel.NOTHING,
    ...(ssl !== undefined && { ssl }),
    ...(sasl !== undefined && { sasl }),
  };
}

const read = async (path: string | undefined): Promise<string | undefined> =>
  path === undefined ? undefined : readFile(path, 'utf8');

async function sslSettings({ securityProtocol, ssl }: KafkaConnection): Promise<KafkaConfig['ssl']> {
  if (!securityProtocol.endsWith('SSL')) return undefined;
  const [ca, cert, key] = await Promise.all([
    read(ssl?.caLocation),
    read(ssl?.certificateLocation),
    read(ssl?.keyLocation),
  ]);
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(ssl?.keyPassword !== undefined && { passphrase: ssl.keyPassword }),
  };
}

function saslSettings({ securityProtocol, sasl }: KafkaConnection): SASLOptions | undefined {
  if (sasl === undefined || !securityProtocol.startsWith('SASL')) return undefined;
  const { username, password } = sasl;
  if (sasl.mechanism === 'PLAIN') return { mechanism: 'plain', username, password };
  const mechanism = sasl.mechanism === 'SCRAM-SHA-256' ? 'scram-sha-256' : 'scram-sha-512';
  return { mechanism, username, password };
}
