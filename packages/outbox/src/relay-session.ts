import { Client, type ClientBase, escapeIdentifier } from 'pg';

import { Doorbell } from './doorbell.js';

export interface RelaySessionOptions {
  /** `postgres://user:password@host:port/database`; straight to the server, since a pooler would part the session from its lock. */
  readonly databaseUrl: string;
  /** Which outbox: one relay works for each. */
  readonly lockName: string;
  readonly channel: string;
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
  /** The server ends a session of which it heard nothing for so long: the relay is frozen, and another one is to have its lock. */
  readonly idleTimeoutMs: number;
}

const PINGS_PER_IDLE_TIMEOUT = 4;

/**
 * A connection of its own that holds the relay's lock as long as it lives, and hears of new messages.
 *
 * All that the relay reads and writes goes over this connection, so that it can take and settle nothing once the lock is another's.
 */
export class RelaySession {
  /** Rung on new messages, and where the session is lost. */
  readonly bell = new Doorbell();
  private lost = false;
  private pings: NodeJS.Timeout | null = null;

  private constructor(
    readonly client: ClientBase,
    private readonly end: () => Promise<void>,
    private readonly options: RelaySessionOptions,
  ) {
    client.on('error', () => this.lose());
    client.on('end', () => this.lose());
    client.on('notification', () => this.bell.ring());
  }

  /** Connects. Rejects with what `pg` rejects with. */
  static async open(options: RelaySessionOptions): Promise<RelaySession> {
    const { databaseUrl, connectTimeoutMs, statementTimeoutMs, idleTimeoutMs } = options;
    const client = new Client({
      connectionString: databaseUrl,
      application_name: 'weir outbox relay',
      connectionTimeoutMillis: connectTimeoutMs,
      statement_timeout: statementTimeoutMs,
      query_timeout: statementTimeoutMs + connectTimeoutMs,
      keepAlive: true,
      options: `-c idle_session_timeout=${idleTimeoutMs} -c tcp_user_timeout=${idleTimeoutMs}`,
    });
    const session = new RelaySession(client, () => client.end(), options);
    try {
      await client.connect();
      await client.query(`LISTEN ${escapeIdentifier(options.channel)}`);
    } catch (error) {
      await session.close();
      throw error;
    }
    session.keepAwake();
    return session;
  }

  /** False once the connection, and with it the lock, is gone. */
  get alive(): boolean {
    return !this.lost;
  }

  /** Whether the lock is ours from now on; at once. */
  async tryLock(): Promise<boolean> {
    const { rows } = await this.client.query<{ locked: boolean }>(
      'SELECT pg_try_advisory_lock(hashtext($1), hashtext($2)) AS locked',
      ['weir outbox relay', this.options.lockName],
    );
    return rows[0]?.locked === true;
  }

  /** Gives the lock back. Never rejects. */
  async close(): Promise<void> {
    this.lose();
    await this.end().catch(() => undefined);
  }

  private keepAwake(): void {
    this.pings = setInterval(() => {
      this.client.query('SELECT').catch(() => this.lose());
    }, this.options.idleTimeoutMs / PINGS_PER_IDLE_TIMEOUT);
  }

  private lose(): void {
    this.lost = true;
    if (this.pings !== null) clearInterval(this.pings);
    this.bell.ring();
  }
}
