import { ValidationError, WeirError } from '@weir/errors';
import type { Pool, PoolClient, QueryResultRow } from 'pg';

import { faultOf, sqlStateOf, unavailable } from '../faults.js';
import { overBudget, type QueryBudget } from './budget.js';

/** Runs statements for one tenant. */
export interface TenantSession {
  query<R extends QueryResultRow>(sql: string, parameters: readonly unknown[]): Promise<R[]>;
}

export interface AskOptions {
  /** Ends the query, in the database too, where nobody waits for its answer any more. It then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

const QUERY_CANCELED = '57014';

/**
 * Runs `work` in a read-only transaction that says whose data is read, and whose statements together may take no longer than
 * the budget allows. Rejects with QueryBudgetError, ValidationError (`value_out_of_range`: the answer does not fit a double),
 * StoreUnavailableError, or the signal's reason.
 */
export async function asTenant<T>(
  pool: Pool,
  tenantId: string,
  budget: QueryBudget,
  work: (session: TenantSession) => Promise<T>,
  { signal }: AskOptions = {},
): Promise<T> {
  signal?.throwIfAborted();
  const client = await connect(pool);
  let closed = false;
  // Under a statement as well: the server sees it (client_connection_check_interval) and stops working.
  const close = (): void => {
    if (!closed) client.release(true);
    closed = true;
  };
  signal?.addEventListener('abort', close);
  try {
    signal?.throwIfAborted();
    const answer = await inTransaction(client, tenantId, budget, work);
    signal?.throwIfAborted();
    signal?.removeEventListener('abort', close);
    client.release();
    return answer;
  } catch (thrown) {
    signal?.removeEventListener('abort', close);
    if (signal?.aborted === true) {
      close();
      throw signal.reason;
    }
    await giveBack(client, thrown);
    throw errorOf(thrown, budget);
  }
}

async function connect(pool: Pool): Promise<PoolClient> {
  try {
    return await pool.connect();
  } catch (thrown) {
    throw unavailable(thrown, 'no connection to the store');
  }
}

async function inTransaction<T>(
  client: PoolClient,
  tenantId: string,
  budget: QueryBudget,
  work: (session: TenantSession) => Promise<T>,
): Promise<T> {
  // One moment for all statements of a query, so that what they say fits together.
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const deadline = performance.now() + budget.timeoutMs;
  const answer = await work({
    query: async <R extends QueryResultRow>(sql: string, parameters: readonly unknown[]) => {
      const leftMs = Math.ceil(deadline - performance.now());
      if (leftMs < 1) throw overBudget(budget, 'timeoutMs'); // 0 would be no limit at all
      await client.query(`SELECT set_config('weir.tenant_id', $1, true), set_config('statement_timeout', $2, true)`, [
        tenantId,
        String(leftMs),
      ]);
      return (await client.query<R>(sql, [...parameters])).rows;
    },
  });
  await client.query('COMMIT');
  return answer;
}

async function giveBack(client: PoolClient, thrown: unknown): Promise<void> {
  if (!(thrown instanceof WeirError) && sqlStateOf(thrown) === null) {
    client.release(true);
    return;
  }
  await client.query('ROLLBACK').then(
    () => client.release(),
    () => client.release(true),
  );
}

function errorOf(thrown: unknown, budget: QueryBudget): WeirError {
  if (thrown instanceof WeirError) return thrown;
  if (sqlStateOf(thrown) === QUERY_CANCELED) return overBudget(budget, 'timeoutMs');
  if (faultOf(thrown) === 'row') return outOfRange(thrown);
  return unavailable(thrown, 'the query was not answered');
}

export function outOfRange(cause?: unknown): ValidationError {
  return new ValidationError('value_out_of_range', 'The query has no answer that a double can hold', { cause });
}
