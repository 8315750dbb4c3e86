import type { KafkaConnection, Stall } from '@weir/kafka';
import type { AppName, Topics } from '@weir/topics';

import type { BatchHandlerOptions } from './batch-handler.js';

export interface KafkaModuleOptions {
  readonly connection: KafkaConnection;
  /** False: no client is made. Consumers idle, producers reject with `kafka_disabled`. */
  readonly enabled: boolean;
  readonly topics: Topics;
  readonly consumerGroup: string;
  /** Whose topics are ensured at start; all of the registry unless given. */
  readonly app?: AppName;
  /** Defaults for every batch handler of the app. */
  readonly consumer?: BatchHandlerOptions;
  /** Whether an app whose consumers do not take records is not ready; true unless given. */
  readonly consumerReadiness?: boolean;
  /** How long a batch in progress is waited for when the app stops; 10 s unless given. */
  readonly drainTimeoutMs?: number;
  /**
   * What to do once a consumer has stood still for `stallTimeoutMs` with work before it and no reason to wait. Ends the process unless given: by an error that
   * nobody catches, so that a supervisor starts it anew. What was not committed comes again.
   */
  readonly onStall?: (stall: Stall) => void;
}

export const KAFKA_OPTIONS = Symbol('weir.kafka.options');
