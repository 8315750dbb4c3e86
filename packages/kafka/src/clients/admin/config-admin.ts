import { readFile } from 'node:fs/promises';
import kafkajs, { type Admin, type KafkaConfig, type SASLOptions } from 'kafkajs';

import type { KafkaConnection } from '../../connection.js';
import { uniqueClientId } from '../client-settings.js';
import { adminError } from './admin-errors.js';

/** One setting of a topic as the broker has it. `overridden`: set on the topic itself, and not a default. */
export interface TopicSetting {
  readonly value: string;
  readonly overridden: boolean;
}

export type TopicSettings = ReadonlyMap<string, TopicSetting>;

// DescribeConfigs' `config_source` for what was set on the topic itself (KIP-226).
const TOPIC_SOURCE = kafkajs.ConfigSource.TOPIC_CONFIG;

/** Topics' settings, which the Confluent client cannot read or write (its issue 444), by kafkajs' admin. Connects for each call. */
export class ConfigAdmin {
  readonly #connection: KafkaConnection;
  readonly #timeoutMs: number;

  constructor(connection: KafkaConnection, timeoutMs: number) {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
  }

  /** Rejects (`topic_missing`) where one of the topics is not there. */
  describe(topics: readonly string[]): Promise<Map<string, TopicSettings>> {
    return this.#withAdmin('describe configs', (admin) => settingsOf(admin, topics));
  }

  /**
   * Sets and, with null, unsets settings of a topic; the others stay.
   *
   * Kafka's old request, which is all that kafkajs has, resets what is not given. So what the topic has is read and sent along;
   * two that alter one topic at the same moment may undo each other.
   */
  alter(topic: string, changes: Readonly<Record<string, string | null>>): Promise<void> {
    return this.#withAdmin('alter configs', async (admin) => {
      const present = (await settingsOf(admin, [topic])).get(topic) ?? new Map<string, TopicSetting>();
      const kept = [...present].flatMap(([name, { value, overridden }]) =>
        overridden && !(name in changes) ? [{ name, value }] : [],
      );
      const changed = Object.entries(changes).flatMap(([name, value]) => (value === null ? [] : [{ name, value }]));
      const configEntries = [...kept, ...changed];
      await admin.alterConfigs({
        validateOnly: false,
        resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configEntries }],
      });
    });
  }

  async #withAdmin<T>(operation: string, work: (admin: Admin) => Promise<T>): Promise<T> {
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

async function settingsOf(admin: Admin, topics: readonly string[]): Promise<Map<string, TopicSettings>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name })),
  });
  return new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      new Map(
        configEntries.map((entry) => [
          entry.configName,
          { value: entry.configValue, overridden: entry.configSource === TOPIC_SOURCE },
        ]),
      ),
    ]),
  );
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
