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
  text,
  type Values,
} from '@weir/config';
import { ConfigurationError } from '@weir/errors';
import { deadLetterProducerOptions } from '@weir/kafka';
import { outboxTransactionalId, resolveTopics } from '@weir/topics';

import { breakerConfig, breakerVariables } from './breaker/breaker.config.js';
import { operatorConfig, operatorVariables } from './operator/operator.config.js';

const topicNames = resolveTopics()
  .of('metrics-consumer')
  .map(({ name }) => name);

/** A member that handles one batch for longer than this loses its partitions to another one. */
const REBALANCE_TIMEOUT_MS = 60_000;

/** Everything that metrics-consumer reads from its environment. */
export const variables = {
  ...serviceVariables('metrics-consumer', 8001),
  ...kafkaVariables('metrics-consumer', topicNames),
  ...schemaRegistryVariables,
  ...databaseVariables,
  ...breakerVariables,
  ...operatorVariables,
  STORE_READER_ROLE: text({
    required: false,
    about: 'The database role of query-api; where it exists, migrations let it read and nothing else.',
  }),
  STORE_KNOWN_SERIES: integer({
    default: 3_000_000,
    min: 0,
    about: 'How many series are remembered as stored already, at 21 to 43 bytes each; the room is taken as they come.',
  }),
  STORE_CACHED_SERIES: integer({
    default: 200_000,
    min: 0,
    about: 'Of how many series the ids are kept, at about half a kilobyte each, so that they need not be hashed anew.',
  }),
  BATCH_MAX_RECORDS: integer({
    default: 2_000,
    min: 1,
    max: 50_000,
    about: 'The most records that one transaction settles.',
  }),
  CONSUMER_SESSION_TIMEOUT: duration({
    default: 20_000,
    min: 6_000,
    max: REBALANCE_TIMEOUT_MS,
    about:
      'How long an instance may give no sign of life before its partitions go to others; the brokers set limits too.',
  }),
  RETRY_MAX_DELAY: duration({
    default: 10_000,
    min: 100,
    about: 'The longest pause before a batch is tried again while a system is away.',
  }),
  DEAD_LETTER_DELIVERY_TIMEOUT: duration({
    default: 8_000,
    min: 1_000,
    about:
      'When a dead letter that no broker acknowledged is given up, and its batch tried again. Below DATABASE_IDLE_IN_TRANSACTION_TIMEOUT.',
  }),
};

/** metrics-consumer's environment as one object. Times in milliseconds. Throws ConfigurationError with every problem at once. */
export function loadConfig(env?: Environment) {
  const values = parseEnvironment(variables, env);
  const problems = contradictions(values);
  if (problems.length > 0) throw new ConfigurationError(problems);
  const kafka = kafkaConfig(values, topicNames);
  const database = databaseConfig(values);
  const { poolSize: maxConnections, ...connection } = database;
  return {
    service: serviceConfig(values),
    kafka,
    topics: resolveTopics({ prefix: kafka.topicPrefix, overrides: kafka.topicOverrides }),
    schemaRegistry: schemaRegistryConfig(values),
    breaker: breakerConfig(values),
    operator: operatorConfig(values),
    store: {
      connection: { ...connection, maxConnections, applicationName: 'weir metrics-consumer' },
      options: { knownSeries: values.STORE_KNOWN_SERIES, cachedSeries: values.STORE_CACHED_SERIES },
      migrations: values.STORE_READER_ROLE === undefined ? {} : { readerRole: values.STORE_READER_ROLE },
    },
    outbox: {
      databaseUrl: database.url,
      transactionalId: outboxTransactionalId('metrics-consumer', kafka.consumerGroup),
    },
    settling: {
      consumer: {
        maxRecords: values.BATCH_MAX_RECORDS,
        maxPollIntervalMs: REBALANCE_TIMEOUT_MS,
        sessionTimeoutMs: values.CONSUMER_SESSION_TIMEOUT,
        ...FETCH,
        backoff: { minMs: 200, maxMs: values.RETRY_MAX_DELAY },
      },
      deadLetters: { ...deadLetterProducerOptions, deliveryTimeoutMs: values.DEAD_LETTER_DELIVERY_TIMEOUT },
    },
  };
}

/** By default each small batch that somebody writes is fetched by itself, which took so much of a loaded machine that samples were stored later for it: docs/performance.md. */
const FETCH = { fetchMinBytes: 65_536, fetchWaitMs: 20 } as const;

function contradictions(values: Values<typeof variables>): string[] {
  const problems: string[] = [];
  // guarantees.md, rule 11: a member that froze must have lost the ledger's lines before its successor wants them.
  for (const limit of [
    'DATABASE_STATEMENT_TIMEOUT',
    'DATABASE_LOCK_TIMEOUT',
    'DATABASE_IDLE_IN_TRANSACTION_TIMEOUT',
  ] as const)
    if (values[limit] >= REBALANCE_TIMEOUT_MS)
      problems.push(`${limit} must be below ${REBALANCE_TIMEOUT_MS} ms, after which another instance takes over`);
  // Dead letters are awaited while the lines are held: the server would end each such transaction before they are acknowledged.
  if (values.DEAD_LETTER_DELIVERY_TIMEOUT >= values.DATABASE_IDLE_IN_TRANSACTION_TIMEOUT)
    problems.push('DEAD_LETTER_DELIVERY_TIMEOUT must be below DATABASE_IDLE_IN_TRANSACTION_TIMEOUT');
  return problems;
}

export type ConsumerConfig = ReturnType<typeof loadConfig>;
