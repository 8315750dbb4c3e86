import { WeirError, type WeirErrorOptions } from './weir-error.js';

/** Anything that goes wrong between Weir and Kafka. Waiting helps unless a subclass or the thrower says otherwise. */
export class KafkaError extends WeirError {
  readonly code: string;
  readonly retryable: boolean;

  constructor(message: string, options: WeirErrorOptions = {}) {
    super(message, options);
    this.code = options.code ?? 'kafka_unavailable';
    this.retryable = options.retryable ?? true;
  }
}

/** Describing or changing topics, groups or offsets failed. */
export class KafkaAdminError extends KafkaError {
  constructor(message: string, options: WeirErrorOptions = {}) {
    super(message, { code: 'kafka_admin_failed', ...options });
  }
}

/**
 * A record was not, or may not have been, taken by the broker.
 *
 * Codes: `producer_queue_full` (nothing was produced), `delivery_unknown` (part of it may be in the log: sending it
 * again is safe), `producer_fatal` (the idempotent producer must be rebuilt), `record_invalid` (never retryable).
 */
export class KafkaProducerError extends KafkaError {
  constructor(message: string, options: WeirErrorOptions = {}) {
    super(message, { code: 'delivery_unknown', ...options });
  }
}

/** Subscribing, fetching or committing failed. */
export class KafkaConsumerError extends KafkaError {
  constructor(message: string, options: WeirErrorOptions = {}) {
    super(message, { code: 'kafka_consumer_failed', ...options });
  }
}
