import kafka from '@confluentinc/kafka-javascript';
import { KafkaProducerError, messageOf } from '@weir/errors';

import { errorName, isFatal, isNative } from './native-producer.js';
import type { TransactionState } from './transactional-options.js';

const { ERRORS } = kafka.CODES;

const FENCED = new Set([ERRORS.ERR__FENCED, ERRORS.ERR_PRODUCER_FENCED, ERRORS.ERR_INVALID_PRODUCER_EPOCH]);

/** What the failure of a call means for the producer, and what its caller is told. */
export interface TransactionFailure {
  readonly state: TransactionState;
  readonly error: KafkaProducerError;
}

/**
 * Judges what librdkafka says of a call, in the order that it prescribes: fatal, then to be aborted, then to be tried again; anything else
 * it wants to be taken for fatal.
 *
 * `unresolved` is the state in which the same call may be made again.
 */
export function transactionFailure(call: string, thrown: unknown, unresolved: TransactionState): TransactionFailure {
  if (thrown instanceof KafkaProducerError) return { state: unresolved, error: renamed(thrown, unresolved) };
  const error = isNative(thrown) ? thrown : null;
  const told = {
    cause: thrown,
    context: { call, ...(error !== null && { code: errorName(error.code) }) },
  };
  const why = `${call}: ${messageOf(error?.message ?? thrown)}`;
  if (error !== null && !isFatal(error)) {
    if (error.isTxnRequiresAbort === true) return mustAbort(call, thrown);
    const retriable = error.isRetriable === true || error.code === ERRORS.ERR__TIMED_OUT;
    if (retriable && unresolved === 'must_abort') return mustAbort(call, thrown);
    if (retriable)
      return {
        state: unresolved,
        error: new KafkaProducerError(why, { ...told, code: UNRESOLVED_CODES.get(unresolved) ?? 'kafka_unavailable' }),
      };
  }
  if (error !== null && FENCED.has(error.code))
    return {
      state: 'failed',
      error: new KafkaProducerError(`${why}: another producer has taken over, or the transaction timed out`, {
        ...told,
        code: 'producer_fenced',
        retryable: false,
      }),
    };
  return { state: 'failed', error: new KafkaProducerError(why, { ...told, code: 'producer_fatal' }) };
}

const UNRESOLVED_CODES = new Map<TransactionState, string>([
  ['commit_unresolved', 'transaction_unresolved'],
  ['abort_unresolved', 'transaction_unresolved'],
]);

/** A connection that could not be had, as what it means for the call. */
function renamed(error: KafkaProducerError, unresolved: TransactionState): KafkaProducerError {
  const code = UNRESOLVED_CODES.get(unresolved);
  return code === undefined ? error : new KafkaProducerError(error.message, { code, cause: error });
}

/** The transaction cannot be committed any more; the producer itself is well. */
export const mustAbort = (call: string, cause: unknown): TransactionFailure => ({
  state: 'must_abort',
  error: new KafkaProducerError(`${call}: the transaction has to be aborted: ${messageOf(messageIn(cause))}`, {
    code: 'transaction_must_abort',
    cause,
    context: { call, ...(isNative(cause) && { code: errorName(cause.code) }) },
  }),
});

/** A call that the producer's state does not allow: the caller's mistake, and nothing was done. */
export const notAllowed = (call: string, state: TransactionState, busyWith: string | null): KafkaProducerError =>
  new KafkaProducerError(
    busyWith === null
      ? `${call} is not allowed while the producer is ${state}`
      : `${call} is not allowed while ${busyWith} is under way`,
    { code: 'transaction_state', retryable: false, context: { call, state } },
  );

const messageIn = (thrown: unknown): unknown => (isNative(thrown) ? thrown.message : thrown);

/** What became of a record whose transaction ended without it. */
export const aborted = (why: string): KafkaProducerError =>
  new KafkaProducerError(`The records are not committed: ${why}.`, { code: 'transaction_aborted' });
