import { Pool } from 'pg';

/** How to reach a database, and for how long anything may take. All times in milliseconds. */
export interface PostgresConnection {
  /** `postgres://user:password@host:port/database` */
  readonly url: string;
  readonly maxConnections?: number;
  readonly connectTimeoutMs?: number;
  /** Ends a single statement. With the next two it must lie below the consumers' rebalance time-out (guarantees, rule 11). */
  readonly statementTimeoutMs?: number;
  /** Ends the waiting for a ledger line that another consumer holds. */
  readonly lockTimeoutMs?: number;
  /** Ends a transaction whose owner froze, so that its successor gets the ledger's lines. */
  readonly idleInTransactionTimeoutMs?: number;
  /** What `pg_stat_activity` shows. */
  readonly applicationName?: string;
  /** Told of connections that broke while nobody used them; the pool replaces them by itself. */
  readonly onConnectionLost?: (error: Error) => void;
}

/** So much later than the server does the client give a statement up: for a network that swallows the answer. */
export const CLIENT_GRACE_MS = 2_000;

// Sent with the connection itself, so that no session exists without them.
// - Bounds of partitions and exact arithmetic on times are written for UTC.
// - A server that cannot reach its client ends the session, and with it the row locks, after about half a minute.
// - A statement whose client has gone is ended within a second, and not when its answer cannot be sent.
// - A row that lands in a compressed chunk decompresses a segment; TimescaleDB's limit would fail such a batch for ever (53400).
//   PostgreSQL without TimescaleDB takes the name as a placeholder.
const SESSION = [
  '-c TimeZone=UTC',
  '-c tcp_keepalives_idle=10',
  '-c tcp_keepalives_interval=5',
  '-c tcp_keepalives_count=3',
  '-c tcp_user_timeout=30000',
  '-c client_connection_check_interval=1000',
  '-c timescaledb.max_tuples_decompressed_per_dml_transaction=0',
].join(' ');

/** A pool whose sessions have Weir's limits, and that outlives any connection of its own. Connects on first use. */
export function openPool(connection: PostgresConnection): Pool {
  const statementTimeoutMs = connection.statementTimeoutMs ?? 15_000;
  const pool = new Pool({
    connectionString: connection.url,
    max: connection.maxConnections ?? 4,
    connectionTimeoutMillis: connection.connectTimeoutMs ?? 5_000,
    idleTimeoutMillis: 30_000,
    application_name: connection.applicationName ?? 'weir',
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + CLIENT_GRACE_MS,
    lock_timeout: connection.lockTimeoutMs ?? 10_000,
    idle_in_transaction_session_timeout: connection.idleInTransactionTimeoutMs ?? 20_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    options: SESSION,
  });
  const lost = connection.onConnectionLost ?? (() => undefined);
  pool.on('error', lost);
  // A client in use has no listener of the pool's: without one, a session that the server ends between two statements of a
  // transaction would be an unhandled 'error' event, and that ends the process. The next statement fails and tells the user.
  pool.on('connect', (client) => client.on('error', lost));
  return pool;
}
