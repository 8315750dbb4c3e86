import type { LibrdKafkaError } from '@confluentinc/kafka-javascript';
import kafka from '@confluentinc/kafka-javascript';
import { type ErrorContext, KafkaProducerError } from '@weir/errors';

import { errorName, isFatal } from './native-producer.js';

const { ERRORS } = kafka.CODES;

/** Part of it may be in the log. */
export const unknownDelivery = (why: string, context: ErrorContext = {}, cause?: unknown): KafkaProducerError =>
  new KafkaProducerError(`It is not known what was delivered: ${why}.`, { code: 'delivery_unknown', context, cause });

/** There is no connection to produce on; nothing was sent. */
export const unavailable = (why: string): KafkaProducerError =>
  new KafkaProducerError(`Nothing was sent: ${why}.`, { code: 'kafka_unavailable' });

/** The producer will never deliver again, and nothing was sent. */
export const dead = (cause?: unknown): KafkaProducerError =>
  new KafkaProducerError('Nothing was sent: the producer failed and is being replaced.', {
    code: 'producer_fatal',
    cause,
  });

/** What it means that librdkafka did not take the very first record of a call: nothing was produced. */
export function refusalOf(error: LibrdKafkaError): KafkaProducerError {
  const options = { cause: error, context: { code: errorName(error.code) } };
  const message = `librdkafka took none of it: ${error.message}.`;
  if (isFatal(error)) return dead(error);
  switch (error.code) {
    case ERRORS.ERR__QUEUE_FULL:
      return new KafkaProducerError(message, { ...options, code: 'producer_queue_full' });
    case ERRORS.ERR_MSG_SIZE_TOO_LARGE:
    case ERRORS.ERR__UNKNOWN_PARTITION:
    case ERRORS.ERR__UNKNOWN_TOPIC:
    case ERRORS.ERR__INVALID_ARG:
      return new KafkaProducerError(message, { ...options, code: 'record_invalid', retryable: false });
    case ERRORS.ERR__STATE:
      return new KafkaProducerError(message, { ...options, code: 'kafka_unavailable' });
    default:
      return new KafkaProducerError(message, options);
  }
}
