import { KafkaConsumerError, KafkaError, messageOf } from '@weir/errors';

/** Codes of librdkafka (negative) and of the Kafka protocol that the consumer acts upon. */
export const clientCodes = {
  allBrokersDown: -187,
  transport: -195,
  resolve: -193,
  ssl: -181,
  timedOut: -185,
  authentication: -169,
  fatal: -150,
  maxPollExceeded: -147,
  unknownTopic: -188,
  state: -172,
  noOffset: -168,
  unknownTopicOrPartition: 3,
  illegalGeneration: 22,
  unknownMemberId: 25,
  rebalanceInProgress: 27,
  topicAuthorizationFailed: 29,
  groupAuthorizationFailed: 30,
} as const;

const NAMES = new Map<number, string>([
  [clientCodes.allBrokersDown, 'kafka_unavailable'],
  [clientCodes.transport, 'kafka_unavailable'],
  [clientCodes.resolve, 'kafka_unavailable'],
  [clientCodes.timedOut, 'kafka_unavailable'],
  [clientCodes.ssl, 'kafka_tls_failed'],
  [clientCodes.authentication, 'kafka_authentication_failed'],
  [clientCodes.fatal, 'kafka_consumer_fatal'],
  [clientCodes.maxPollExceeded, 'kafka_max_poll_exceeded'],
  [clientCodes.unknownTopic, 'topic_missing'],
  [clientCodes.unknownTopicOrPartition, 'topic_missing'],
  [clientCodes.topicAuthorizationFailed, 'kafka_authorization_failed'],
  [clientCodes.groupAuthorizationFailed, 'kafka_authorization_failed'],
]);

function fact(error: unknown, name: 'code' | 'isFatal' | 'message'): unknown {
  return typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
}

/** The binding's error events have lost their number (they all say -1); this is librdkafka's wording of those that we act upon. */
const NUMBER_LOST = -1;
const WORDING = new Map<unknown, number>([
  ['all broker connections are down', clientCodes.allBrokersDown],
  ['broker transport failure', clientCodes.transport],
  ['host resolution failure', clientCodes.resolve],
  ['authentication failure', clientCodes.authentication],
  ['ssl error', clientCodes.ssl],
]);

/** The client's own number for an error, or null for one that is not the client's. */
export function clientCode(error: unknown): number | null {
  const code = fact(error, 'code');
  if (typeof code !== 'number') return null;
  return code === NUMBER_LOST ? (WORDING.get(fact(error, 'message')) ?? code) : code;
}

/** The coordinator refuses because the group is changing: nothing is wrong. */
export function isRebalance(error: unknown): boolean {
  const code = clientCode(error);
  return (
    code === clientCodes.illegalGeneration ||
    code === clientCodes.unknownMemberId ||
    code === clientCodes.rebalanceInProgress
  );
}

/** The user may not do it. The client goes on trying, and succeeds once it may. */
export function isForbidden(error: unknown): boolean {
  const code = clientCode(error);
  return code === clientCodes.topicAuthorizationFailed || code === clientCodes.groupAuthorizationFailed;
}

/** Past this the client does nothing any more and has to be built anew. */
export function isFatal(error: unknown): boolean {
  return fact(error, 'isFatal') === true || clientCode(error) === clientCodes.fatal;
}

/** One of the client's errors as one of ours, with a stable code; one of ours, such as the admin client's, keeps its own. */
export function consumerError(error: unknown): KafkaConsumerError {
  if (error instanceof KafkaConsumerError) return error;
  if (error instanceof KafkaError) {
    const { message, code, retryable, context } = error;
    return new KafkaConsumerError(message, { cause: error, code, retryable, context });
  }
  const number = clientCode(error);
  const code = number === null ? undefined : NAMES.get(number);
  return new KafkaConsumerError(messageOf(fact(error, 'message') ?? error), {
    cause: error,
    context: { clientCode: number },
    ...(code !== undefined && { code }),
  });
}
