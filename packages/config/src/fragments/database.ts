import { duration, integer, url } from '../kinds.js';
import type { Values } from '../variable.js';

/** How to reach PostgreSQL. Times in milliseconds. */
export interface DatabaseConfig {
  readonly url: string;
  readonly poolSize: number;
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  readonly idleInTransactionTimeoutMs: number;
}

export const databaseVariables = {
  DATABASE_URL: url({
    secret: true,
    example: 'postgres://weir:weir@127.0.0.1:5432/weir',
    protocols: ['postgres', 'postgresql'],
    about: 'The PostgreSQL database, with user and password: postgres://user:password@host:5432/database.',
  }),
  DATABASE_POOL_SIZE: integer({ default: 10, min: 1, max: 200, about: 'The most connections that are open at once.' }),
  DATABASE_CONNECT_TIMEOUT: duration({ default: 5_000, min: 100, about: 'How long one try to connect may take.' }),
  DATABASE_STATEMENT_TIMEOUT: duration({ default: 15_000, min: 100, about: 'How long one statement may take.' }),
  DATABASE_LOCK_TIMEOUT: duration({ default: 10_000, min: 100, about: 'How long a statement may wait for a lock.' }),
  DATABASE_IDLE_IN_TRANSACTION_TIMEOUT: duration({
    default: 15_000,
    min: 100,
    about: 'When the server ends a transaction that stopped talking, so that a frozen process frees its locks.',
  }),
};

export function databaseConfig(values: Values<typeof databaseVariables>): DatabaseConfig {
  return {
    url: values.DATABASE_URL,
    poolSize: values.DATABASE_POOL_SIZE,
    connectTimeoutMs: values.DATABASE_CONNECT_TIMEOUT,
    statementTimeoutMs: values.DATABASE_STATEMENT_TIMEOUT,
    lockTimeoutMs: values.DATABASE_LOCK_TIMEOUT,
    idleInTransactionTimeoutMs: values.DATABASE_IDLE_IN_TRANSACTION_TIMEOUT,
  };
}
