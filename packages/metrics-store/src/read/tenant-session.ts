import { ValidationError, WeirError } from '@weir/errors';
import type { Pool, PoolClient, QueryResultRow } from 'pg';

import { faultOf, sqlStateOf, unavailable } from '../faults.js';
import { overBudget, type QueryBudget } from './budget.js';
import { fly, type Statement } from './flight.js';
import type { PreparedStatements } from './prepared-statements.js';

/** Runs statements for one tenant. */
export interface TenantSession {
  query<R extends QueryResultRow>(statement: Statement): Promise<R[]>;
  /** As `query`, for the last statement of a session: the transaction ends with it. */
  last<R extends QueryResultRow>(statement: Statement): Promise<R[]>;
}

/** Where a question is asked: connections, and what they have prepared. */
export interface Asking {
  readonly pool: Pool;
  readonly prepared: PreparedStatements;
  readonly budget: QueryBudget;
}

export interface AskOptions {
  /** Ends the query, in the database too, where nobody waits for its answer any more. It then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

const QUERY_CANCELED = '57014';
/** No prepared statement of this name, and one whose columns are others since a migration. */
const NOT_PREPARED = new Set(['26000', '0A000']);

// One moment for all statements of a query, so that what they say fits together.
const BEGIN: Statement = { text: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', prepared: true };
const COMMIT: Statement = { text: 'COMMIT', prepared: true };
/** Both end with the transaction. */
const SETTINGS = `SELECT set_config('statement_timeout', $1, true), set_config('weir.tenant_id', $2, true)`;

/**
 * Runs `work` in a read-only transaction that says whose data is read, and whose statements together may take no longer than
 * the budget allows. Rejects with QueryBudgetError, ValidationError (`value_out_of_range`: the answer does not fit a double),
 * StoreUnavailableError, or the signal's reason.
 */
export async function asTenant<T>(
  asking: Asking,
  tenantId: string,
  work: (session: TenantSession) => Promise<T>,
  options: AskOptions = {},
): Promise<T> {
  const { signal } = options;
  const { pool, prepared, budget } = asking;
  const { given } = prepared;
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
    const answer = await work(sessionOf(client, tenantId, asking));
    signal?.throwIfAborted();
    signal?.removeEventListener('abort', close);
    if (client.getTransactionStatus() === 'I') client.release();
    else void giveBackAfter('COMMIT', client); // nothing was written: whoever asks need not wait for it
    return answer;
  } catch (thrown) {
    signal?.removeEventListener('abort', close);
    if (signal?.aborted === true) {
      close();
      throw signal.reason;
    }
    await giveBack(client, thrown);
    if (!given || !NOT_PREPARED.has(sqlStateOf(thrown) ?? '')) throw errorOf(thrown, budget);
    prepared.giveUp();
    return asTenant(asking, tenantId, work, options); // nothing was written: it is asked anew
  }
}

async function connect(pool: Pool): Promise<PoolClient> {
  try {
    return await pool.connect();
  } catch (thrown) {
    throw unavailable(thrown, 'no connection to the store');
  }
}

/** Each statement goes with all that has to come before it, and so takes one turn. */
function sessionOf(client: PoolClient, tenantId: string, { prepared, budget }: Asking): TenantSession {
  const deadline = performance.now() + budget.timeoutMs;
  let begin = [BEGIN];
  const ask = async <R extends QueryResultRow>(question: Statement, after: readonly Statement[]): Promise<R[]> => {
    const leftMs = Math.ceil(deadline - performance.now());
    if (leftMs < 1) throw overBudget(budget, 'timeoutMs'); // 0 would be no limit at all
    const settings = { text: SETTINGS, values: [leftMs, tenantId], prepared: true };
    const before = [...begin, settings];
    begin = [];
    return fly<R>(client, prepared, { before, question, after });
  };
  return {
    query: (statement) => ask(statement, []),
    last: (statement) => ask(statement, [COMMIT]),
  };
}

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
