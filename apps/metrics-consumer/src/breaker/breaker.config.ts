import { duration, integer, redisConfig, redisVariables, type Values } from '@weir/config';

import type { BreakerOptions } from './breaker.js';

export const breakerVariables = {
  ...redisVariables,
  BREAKER_FAILED_TRIES: integer({
    default: 5,
    min: 1,
    about: 'Failed tries in a row to write dead letters that open the breaker.',
  }),
  BREAKER_PROBE_INTERVAL: duration({
    default: 10_000,
    min: 100,
    about: 'How often one batch is tried while the breaker is open.',
  }),
  BREAKER_SHARE_PERCENT: integer({
    default: 50,
    min: 1,
    max: 100,
    about: 'The share of records that cannot be stored, as the mean over tenants, that opens the breaker.',
  }),
  BREAKER_SHARE_MIN_TENANTS: integer({
    default: 2,
    min: 1,
    about: 'Tenants that must be hit at least, each by that share; one tenant alone shall not stop the others.',
  }),
  BREAKER_SHARE_MIN_RECORDS: integer({
    default: 1_000,
    min: 1,
    about: 'Records that must have been seen at least before their share says anything.',
  }),
  BREAKER_SHARE_WINDOW: duration({
    default: 60_000,
    min: 1_000,
    about: 'How far back the share of records that cannot be stored is looked at.',
  }),
};

export interface BreakerConfig {
  readonly options: BreakerOptions;
  readonly redisUrl: string | null;
}

export function breakerConfig(values: Values<typeof breakerVariables>): BreakerConfig {
  return {
    options: {
      failedTries: values.BREAKER_FAILED_TRIES,
      probeIntervalMs: values.BREAKER_PROBE_INTERVAL,
      share: {
        windowMs: values.BREAKER_SHARE_WINDOW,
        minRecords: values.BREAKER_SHARE_MIN_RECORDS,
        minTenants: values.BREAKER_SHARE_MIN_TENANTS,
        share: values.BREAKER_SHARE_PERCENT / 100,
      },
    },
    redisUrl: redisConfig(values)?.url ?? null,
  };
}
