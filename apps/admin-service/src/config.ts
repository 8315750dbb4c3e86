import {
  databaseConfig,
  databaseVariables,
  type Environment,
  integer,
  kafkaConfig,
  kafkaVariables,
  parseEnvironment,
  schemaRegistryConfig,
  schemaRegistryVariables,
  secret,
  serviceConfig,
  serviceVariables,
} from '@weir/config';
import { allTopics, outboxTransactionalId, resolveTopics } from '@weir/topics';

const topicNames = allTopics.map(({ name }) => name);

/** Everything that admin-service reads from its environment. */
export const variables = {
  ...serviceVariables('admin-service', 8003),
  ...kafkaVariables('admin-service', topicNames),
  ...schemaRegistryVariables,
  ...databaseVariables,
  ADMIN_BOOTSTRAP_KEY: secret({
    required: false,
    pattern: /^wo_[0-9A-Za-z]{8,64}_[0-9A-Za-z]{32,128}$/,
    shape: "an operator's key, wo_<id>_<secret>, with a secret of 32 to 128 letters and digits",
    about: 'The key of the first admin: taken in at a start that finds no admin, and not looked at afterwards.',
  }),
  REPLAY_MAX_ATTEMPTS: integer({
    default: 5,
    min: 1,
    max: 1_000,
    about: 'How often a record is replayed at most; one that failed as often is parked.',
  }),
};

/** admin-service's environment as one object. Times in milliseconds. Throws ConfigurationError with every problem at once. */
export function loadConfig(env?: Environment) {
  const values = parseEnvironment(variables, env);
  const kafka = kafkaConfig(values, topicNames);
  return {
    service: serviceConfig(values),
    kafka,
    topics: resolveTopics({ prefix: kafka.topicPrefix, overrides: kafka.topicOverrides }),
    schemaRegistry: schemaRegistryConfig(values),
    database: databaseConfig(values),
    transactionalId: outboxTransactionalId('admin-service', kafka.consumerGroup),
    replays: { maxAttempts: values.REPLAY_MAX_ATTEMPTS },
    bootstrapKey: values.ADMIN_BOOTSTRAP_KEY ?? null,
  };
}

export type AdminConfig = ReturnType<typeof loadConfig>;
