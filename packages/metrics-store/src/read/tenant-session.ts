import { ValidationError, WeirError } from '@weir/errors';
import type { Pool, PoolClient, QueryResultRow } from 'pg';

import { faultOf, sqlStateOf, unavailable } from '../faults.js';
import { overBudget, type QueryBudget } from './budget.js';

/** Runs statements for one tenant. */
export interface TenantSession {
  query<R extends QueryResultRow>(sql: string, parameters: readonly unknown[]): Promise<R[]>;
}

const QUERY_CANCELED = '57014';

/**
 * Runs `work` in a read-only transaction that says whose data is read, and in which no statement may take longer than the
 * budget allows. Rejects with QueryBudgetError, ValidationError (`value_out_of_range`: the answer does not fit a double), or
 * StoreUnavailableError.
 */
export async function asTenant<T>(
  pool: Pool,
  tenantId: string,
  budget: QueryBudget,
  work: (session: TenantSession) => Promise<T>,
): Promise<T> {
  let client: PoolClient;
  try {
    client = await pool.connect();
  } catch (thrown) {
    throw unavailable(thrown, 'no connection to the store');
  }
  try {
    // One moment for all statements of a query, so that what they say fits together.
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await client.query(`SELECT set_config('weir.tenant_id', $1, true), set_config('statement_timeout', $2, true)`, [
      tenantId,
      String(budget.timeoutMs),
    ]);
    const answer = await work({
      query: async <R extends QueryResultRow>(sql: string, parameters: readonly unknown[]) =>
        (await client.query<R>(sql, [...parameters])).rows,
    });
    await client.query('COMMIT');
    client.release();
    return answer;
  } catch (thrown) {
    await giveBack(client, thrown);
    throw errorOf(thrown, budget);
  }
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
  if (faultOf(thrown) === 'row')
    return new ValidationError('value_out_of_range', 'The query has no answer that a double can hold', {
      cause: thrown,
    });
  return unavailable(thrown, 'the query was not answered');
}
