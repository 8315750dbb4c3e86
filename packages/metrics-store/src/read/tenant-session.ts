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
 * the budget allows (a twentieth more at most). Rejects with QueryBudgetError, ValidationError (`value_out_of_range`: the answer does not fit a double),
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
    void giveBackAfter('COMMIT', client); // nothing was written: whoever asks need not wait for it
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
  const deadline = performance.now() + budget.timeoutMs;
  let limitMs = Math.ceil(budget.timeoutMs);
  // One moment for all statements of a query, so that what they say fits together; one turn for all that comes before the first.
  await client.query(
    `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = ${limitMs}; SET LOCAL weir.tenant_id = ${client.escapeLiteral(tenantId)}`,
  );
  return work({
    query: async <R extends QueryResultRow>(sql: string, parameters: readonly unknown[]) => {
      const leftMs = Math.ceil(deadline - performance.now());
      if (leftMs < 1) throw overBudget(budget, 'timeoutMs'); // 0 would be no limit at all
      if (leftMs < limitMs * WORTH_A_TURN) {
        limitMs = leftMs;
        await client.query(`SET LOCAL statement_timeout = ${limitMs}`);
      }
      return (await client.query<R>(sql, [...parameters])).rows;
    },
  });
}

/** The limit of a statement is lowered where a twentieth of it or more is spent: most queries take a few milliseconds of ten seconds. */
const WORTH_A_TURN = 0.95;

async function giveBack(client: PoolClient, thrown: unknown): Promise<void> {
  if (!(thrown instanceof WeirError) && sqlStateOf(thrown) === null) {
    client.release(true);
    return;
  }
  await giveBackAfter('ROLLBACK', client);
}

/** Never rejects. */
async function giveBackAfter(statement: 'COMMIT' | 'ROLLBACK', client: PoolClient): Promise<void> {
  await client.query(statement).then(
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
