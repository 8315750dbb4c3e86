import { HttpException } from '@nestjs/common';
import { messageOf, StoreUnavailableError, WeirError } from '@weir/errors';
import { CLIENT_GRACE_MS } from '@weir/postgres';
import type { ClientBase, Pool } from 'pg';

/** A mistake in the program, which waiting does not mend. Goes by name: Jest's errors are of another realm. */
const MISTAKES = new Set(['TypeError', 'ReferenceError', 'RangeError', 'SyntaxError']);

/** What can be asked of the database, within a transaction or without. */
export interface Session {
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

/** A transaction that is open. `client` is for what takes part in it and speaks SQL itself. */
export interface Transaction extends Session {
  readonly client: ClientBase;
}

interface TransactionOptions {
  /** Longest time of one statement, where it is about so much that the connection's own does not do. */
  readonly statementTimeoutMs?: number;
}

/** For statements about as many records as an operator may decide about at once. */
export const MANY_RECORDS: TransactionOptions = { statementTimeoutMs: 120_000 };

/**
 * admin-service's own database.
 *
 * Whatever PostgreSQL does not do is a StoreUnavailableError, which callers answer with 503; refusals of the work's own pass as they are.
 */
export class Database implements Session {
  constructor(readonly pool: Pool) {}

  async query<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    try {
      return (await this.pool.query<Row>(text, [...values])).rows;
    } catch (thrown) {
      throw faultOf(thrown);
    }
  }

  /** Commits once `work` has resolved; where it rejects nothing is changed. */
  async transaction<T>(
    work: (transaction: Transaction) => Promise<T>,
    { statementTimeoutMs }: TransactionOptions = {},
  ): Promise<T> {
    const client = await this.pool.connect().catch((thrown: unknown) => {
      throw faultOf(thrown);
    });
    let broken: Error | boolean = true;
    try {
      await client.query('BEGIN');
      if (statementTimeoutMs !== undefined) await client.query(`SET LOCAL statement_timeout = ${statementTimeoutMs}`);
      const patience = statementTimeoutMs === undefined ? {} : { query_timeout: statementTimeoutMs + CLIENT_GRACE_MS };
      const result = await work({
        client,
        query: async <Row extends object>(text: string, values: readonly unknown[] = []) =>
          (await client.query<Row>({ text, values: [...values], ...patience })).rows,
      });
      await client.query('COMMIT');
      broken = false;
      return result;
    } catch (thrown) {
      broken = await client.query('ROLLBACK').then(
        () => false,
        () => true,
      );
      throw faultOf(thrown);
    } finally {
      client.release(broken);
    }
  }

  async ping(): Promise<void> {
    await this.query('SELECT');
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}

/** SQLSTATE of a row whose key another one has. */
export const UNIQUE_VIOLATION = '23505';

/** Of what the database or the system refused with; undefined where it has none. */
export const codeOf = (thrown: unknown): unknown =>
  typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : undefined;

function faultOf(thrown: unknown): unknown {
  if (thrown instanceof WeirError || thrown instanceof HttpException) return thrown;
  if (typeof thrown === 'object' && thrown !== null && 'name' in thrown && MISTAKES.has(String(thrown.name)))
    return thrown;
  return new StoreUnavailableError(messageOf(thrown), { cause: thrown });
}
