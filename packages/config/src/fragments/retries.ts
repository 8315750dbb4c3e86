import { duration, integer } from '../kinds.js';
import type { Values } from '../variable.js';

/** How often and after which first pause something is tried again. */
export interface RetryConfig {
  readonly maxRetries: number;
  readonly delayMs: number;
}

export const retryVariables = {
  MAX_RETRIES: integer({
    default: 3,
    min: 0,
    max: 100,
    about: 'How often something that may yet succeed is tried again.',
  }),
  RETRY_DELAY: duration({ default: 1_000, min: 1, about: 'The first pause before a retry; later ones grow.' }),
};

export function retryConfig(values: Values<typeof retryVariables>): RetryConfig {
  return { maxRetries: values.MAX_RETRIES, delayMs: values.RETRY_DELAY };
}
