import type { Pool } from 'pg';

/** How a pool is used at the moment. */
export interface PoolUse {
  /** Connections that somebody works on. */
  readonly busy: number;
  readonly idle: number;
  /** How many wait for one. */
  readonly waiting: number;
  readonly limit: number;
}

export const poolUse = ({ totalCount, idleCount, waitingCount, options }: Pool): PoolUse => ({
  busy: totalCount - idleCount,
  idle: idleCount,
  waiting: waitingCount,
  limit: options.max,
});
