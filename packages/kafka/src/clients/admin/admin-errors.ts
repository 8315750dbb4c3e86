import kafka from '@confluentinc/kafka-javascript';
import { KafkaAdminError, KafkaConsumerError, messageOf } from '@weir/errors';

import type { Refusal } from '../refusal.js';

const { ERRORS } = kafka.CODES;

/** Codes of the protocol and of librdkafka that callers act upon, and whether the same call may succeed later. */
const KNOWN = new Map<number, { code: string; retryable: boolean }>([
  [ERRORS.ERR__TRANSPORT, { code: 'kafka_unavailable', retryable: true }],
  [ERRORS.ERR__TIMED_OUT, { code: 'kafka_unavailable', retryable: true }],
  [ERRORS.ERR__ALL_BROKERS_DOWN, { code: 'kafka_unavailable', retryable: true }],
  [ERRORS.ERR__DESTROY_BROKER, { code: 'kafka_unavailable', retryable: true }], // it left the cluster while it was asked
  [ERRORS.ERR__RESOLVE, { code: 'kafka_unavailable', retryable: true }],
  [ERRORS.ERR__AUTHENTICATION, { code: 'kafka_authentication_failed', retryable: true }],
  [ERRORS.ERR_TOPIC_AUTHORIZATION_FAILED, { code: 'kafka_authorization_failed', retryable: true }],
  [ERRORS.ERR_GROUP_AUTHORIZATION_FAILED, { code: 'kafka_authorization_failed', retryable: true }],
  [ERRORS.ERR_CLUSTER_AUTHORIZATION_FAILED, { code: 'kafka_authorization_failed', retryable: true }],
  [ERRORS.ERR_UNKNOWN_TOPIC_OR_PART, { code: 'topic_missing', retryable: true }],
  [ERRORS.ERR__UNKNOWN_TOPIC, { code: 'topic_missing', retryable: true }],
  [ERRORS.ERR__UNKNOWN_PARTITION, { code: 'topic_missing', retryable: true }],
  [ERRORS.ERR_TOPIC_ALREADY_EXISTS, { code: 'topic_exists', retryable: false }],
  [ERRORS.ERR_UNKNOWN_MEMBER_ID, { code: 'group_active', retryable: true }],
  [ERRORS.ERR_ILLEGAL_GENERATION, { code: 'group_active', retryable: true }],
  [ERRORS.ERR_NON_EMPTY_GROUP, { code: 'group_active', retryable: true }],
  [ERRORS.ERR_UNSTABLE_OFFSET_COMMIT, { code: 'offsets_unstable', retryable: true }],
  [ERRORS.ERR_INVALID_PARTITIONS, { code: 'kafka_request_invalid', retryable: false }],
  [ERRORS.ERR_INVALID_REPLICATION_FACTOR, { code: 'kafka_request_invalid', retryable: false }],
  [ERRORS.ERR_INVALID_CONFIG, { code: 'kafka_request_invalid', retryable: false }],
  [ERRORS.ERR_INVALID_REQUEST, { code: 'kafka_request_invalid', retryable: false }],
  [ERRORS.ERR_TOPIC_EXCEPTION, { code: 'kafka_request_invalid', retryable: false }],
  [ERRORS.ERR_POLICY_VIOLATION, { code: 'kafka_request_invalid', retryable: false }],
  [ERRORS.ERR__INVALID_ARG, { code: 'kafka_request_invalid', retryable: false }],
]);

const fact = (thrown: unknown, name: string): unknown =>
  typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, name) : undefined;

/**
 * Any failure of an admin operation, of librdkafka, of kafkajs or of our own, as a KafkaAdminError that names the operation.
 *
 * `refusal`: why the brokers do not let the client in, which explains that none of them answered.
 */
export function adminError(operation: string, thrown: unknown, refusal: Refusal | null = null): KafkaAdminError {
  if (thrown instanceof KafkaAdminError) return thrown;
  if (thrown instanceof KafkaConsumerError)
    return new KafkaAdminError(`${operation}: ${thrown.message}`, {
      cause: thrown,
      context: { operation },
      code: thrown.code,
      retryable: thrown.retryable,
    });
  const number = fact(thrown, 'code');
  const known = typeof number === 'number' ? KNOWN.get(number) : connectionFault(thrown);
  if (refusal !== null && (known === undefined || known.code === 'kafka_unavailable'))
    return new KafkaAdminError(`${operation}: ${refusal.why}`, {
      cause: thrown,
      context: { operation },
      code: refusal.code,
    });
  return new KafkaAdminError(`${operation}: ${messageOf(fact(thrown, 'message') ?? thrown)}`, {
    cause: thrown,
    context: { operation, ...(typeof number === 'number' && { clientCode: number }) },
    ...known,
  });
}

const CONNECTION_FAULTS = new Set([
  'KafkaJSConnectionError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSConnectionClosedError',
  'KafkaJSNumberOfRetriesExceeded',
  'KafkaJSBrokerNotFound',
]);

/** What kafkajs could not do; its names for a refusal say more than its connection errors, whose messages have OpenSSL's words. */
function connectionFault(thrown: unknown): { code: string } | undefined {
  const name = String(fact(thrown, 'name'));
  const message = String(fact(thrown, 'message'));
  if (name === 'KafkaJSSASLAuthenticationError') return { code: 'kafka_authentication_failed' };
  if (/authorization failed|not authorized/iu.test(message)) return { code: 'kafka_authorization_failed' };
  if (!CONNECTION_FAULTS.has(name)) return undefined;
  return { code: /certificate|\bSSL\b|\bTLS\b/u.test(message) ? 'kafka_tls_failed' : 'kafka_unavailable' };
}
