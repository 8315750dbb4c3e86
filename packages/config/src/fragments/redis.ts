import { url } from '../kinds.js';
import type { Values } from '../variable.js';

export const redisVariables = {
  REDIS_URL: url({
    required: false,
    secret: true,
    protocols: ['redis', 'rediss'],
    about: 'Redis, where limits and the breaker are to be shared between instances; without it both are local.',
  }),
};

/** The URL of Redis, or null where each instance keeps to itself. */
export function redisConfig(values: Values<typeof redisVariables>): { readonly url: string } | null {
  return values.REDIS_URL === undefined ? null : { url: values.REDIS_URL };
}
