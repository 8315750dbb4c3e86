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
  serviceConfig,
  serviceVariables,
} from '@weir/config';
import { defaultBudget } from '@weir/metrics-store';
import { allTopics, resolveTopics } from '@weir/topics';

/** A dashboard asks all of its questions at once, so some may wait; about as long as for a connection to the store. */
const LINE = { waiting: 100, waitMs: 5_000 };

const topicNames = allTopics.map(({ name }) => name);

/** Everything that query-api reads from its environment. */
export const variables = {
  ...serviceVariables('query-api', 8004),
  ...kafkaVariables('query-api', topicNames),
  ...schemaRegistryVariables,
  ...databaseVariables,
  QUERY_MAX_SERIES: integer({
    default: defaultBudget.maxSeries,
    min: 1,
    about: 'The most series that one query may match; past it the answer is 422.',
  }),
  QUERY_MAX_POINTS: integer({
    default: defaultBudget.maxPoints,
    min: 1,
    about: 'The most buckets times groups in one answer; past it the answer is 422.',
  }),
  QUERY_MAX_SAMPLES: integer({
    default: defaultBudget.maxSamples,
    min: 1,
    about: 'The most samples that one aggregation may read; past it the answer is 422.',
  }),
  QUERY_TIMEOUT: duration({
    default: defaultBudget.timeoutMs,
    min: 10,
    max: 60_000,
    about: 'How long a query may take in the database; past it the answer is 422.',
  }),
  QUERY_MAX_CONCURRENT: integer({
    default: 4,
    min: 1,
    about:
      "How many of one tenant's queries run at once; others of it wait for a moment, past which the answer is 429.",
  }),
  TENANTS_MAX_AGE: duration({
    default: 300_000,
    min: 1_000,
    about: 'How long keys are accepted while nothing is heard of the tenants topic.',
  }),
};

/** query-api's environment as one object. Times in milliseconds. Throws ConfigurationError with every problem at once. */
export function loadConfig(env?: Environment) {
  const values = parseEnvironment(variables, env);
  const kafka = kafkaConfig(values, topicNames);
  const { poolSize: maxConnections, ...connection } = databaseConfig(values);
  return {
    service: serviceConfig(values),
    kafka,
    topics: resolveTopics({ prefix: kafka.topicPrefix, overrides: kafka.topicOverrides }),
    schemaRegistry: schemaRegistryConfig(values),
    store: { ...connection, maxConnections, applicationName: 'weir query-api' },
    budget: {
      maxSeries: values.QUERY_MAX_SERIES,
      maxPoints: values.QUERY_MAX_POINTS,
      maxSamples: values.QUERY_MAX_SAMPLES,
      timeoutMs: values.QUERY_TIMEOUT,
    },
    turns: { ...LINE, running: values.QUERY_MAX_CONCURRENT },
    tenantsMaxAgeMs: values.TENANTS_MAX_AGE,
  };
}

export type QueryApiConfig = ReturnType<typeof loadConfig>;
