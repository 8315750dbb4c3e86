import {
  duration,
  type Environment,
  integer,
  kafkaConfig,
  kafkaVariables,
  parseEnvironment,
  schemaRegistryConfig,
  schemaRegistryVariables,
  serviceConfig,
  serviceVariables,
} from '@weir/config';
import { resolveTopics } from '@weir/topics';

const topicNames = resolveTopics()
  .of('dlq-replayer')
  .map(({ name }) => name);

/** Everything that dlq-replayer reads from its environment. */
export const variables = {
  ...serviceVariables('dlq-replayer', 8002),
  ...kafkaVariables('dlq-replayer', topicNames),
  ...schemaRegistryVariables,
  REPLAY_TRANSACTION_TIMEOUT: duration({
    default: 5_000,
    min: 1_000,
    max: 60_000,
    about: 'When the brokers abort a transaction that was left open; until then it holds up all who read its topics.',
  }),
  REPLAY_TRANSACTION_MAX_BYTES: integer({
    default: 8_388_608,
    min: 1024,
    about: 'The most bytes of records in one transaction; a chunk that has more is published in several.',
  }),
  RETRY_MAX_DELAY: duration({
    default: 5_000,
    min: 100,
    about: 'The longest pause before a batch is tried again while a system is away.',
  }),
};

/** dlq-replayer's environment as one object. Times in milliseconds. */
export function loadConfig(env?: Environment) {
  const values = parseEnvironment(variables, env);
  const kafka = kafkaConfig(values, topicNames);
  return {
    service: serviceConfig(values),
    kafka,
    topics: resolveTopics({ prefix: kafka.topicPrefix, overrides: kafka.topicOverrides }),
    schemaRegistry: schemaRegistryConfig(values),
    replaying: {
      transactionTimeoutMs: values.REPLAY_TRANSACTION_TIMEOUT,
      maxTransactionBytes: values.REPLAY_TRANSACTION_MAX_BYTES,
      retryMaxDelayMs: values.RETRY_MAX_DELAY,
    },
  };
}

export type ReplayerConfig = ReturnType<typeof loadConfig>;
