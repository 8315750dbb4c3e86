import type { DatabaseConfig } from '@weir/config';
import { Pool } from 'pg';

const CLIENT_GRACE_MS = 2_000;

// A server that cannot reach its client ends the session, and with it its locks, after about half a minute.
const SESSION = [
  '-c TimeZone=UTC',
  '-c tcp_keepalives_idle=10',
  '-c tcp_keepalives_interval=5',
  '-c tcp_keepalives_count=3',
  '-c tcp_user_timeout=30000',
].join(' ');

/** A pool whose sessions have limits, and that outlives any connection of its own. Connects on first use. */
export function openPool(config: DatabaseConfig): Pool {
  const pool = new Pool({
    connectionString: config.url,
    max: config.poolSize,
    connectionTimeoutMillis: config.connectTimeoutMs,
    idleTimeoutMillis: 30_000,
    application_name: 'weir admin-service',
    statement_timeout: config.statementTimeoutMs,
    // The server's limit answers first; this one is for a network that swallows the answer.
    query_timeout: config.statementTimeoutMs + CLIENT_GRACE_MS,
    lock_timeout: config.lockTimeoutMs,
    idle_in_transaction_session_timeout: config.idleInTransactionTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    options: SESSION,
  });
  // Whoever uses the connection hears of it by the next statement; unheard, the event would end the process.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}
