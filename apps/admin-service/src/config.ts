import {
  databaseConfig,
  databaseVariables,
  duration,
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
import { allTopics, metricsDlq, outboxTransactionalId, resolveTopics } from '@weir/topics';

const topicNames = allTopics.map(({ name }) => name);
const DAY_MS = 86_400_000;
const DLQ_MS = metricsDlq.retentionMs ?? 0;

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
  DEAD_LETTERS_RETENTION: duration({
    default: 90 * DAY_MS,
    min: DLQ_MS,
    about:
      'How long the index tells of a dead letter. Where `metrics.dlq` has it for longer than the usual 30 days, raise this too.',
  }),
  REPLAYS_RETENTION: duration({
    default: 90 * DAY_MS,
    min: DLQ_MS,
    about: 'How long a replay is told of after its end, and what became of each of its records.',
  }),
  AUDIT_RETENTION: duration({
    default: 400 * DAY_MS,
    min: DAY_MS,
    about: 'How long the audit is kept in the database; `audit.log` has its own retention.',
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
    retention: {
      deadLettersMs: values.DEAD_LETTERS_RETENTION,
      replaysMs: values.REPLAYS_RETENTION,
      auditMs: values.AUDIT_RETENTION,
    },
    bootstrapKey: values.ADMIN_BOOTSTRAP_KEY ?? null,
  };
}

export type AdminConfig = ReturnType<typeof loadConfig>;
