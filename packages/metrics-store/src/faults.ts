import { messageOf, RowRejectedError, StoreUnavailableError } from '@weir/errors';

/**
 * Whose fault a failed statement is (guarantees, rule 9).
 *
 * - `row`: a value that the database refuses. Only a dead letter where it repeats for that row alone.
 * - `partition`: no partition for the row's day. Create it and go on.
 * - `duplicate`: the key is there already. Go through the upsert.
 * - `wait`: everything else, and everything unknown: connections, locks, disks, permissions, mistakes of ours.
 */
export type Fault = 'row' | 'partition' | 'duplicate' | 'wait';

const NOT_NULL_VIOLATION = '23502';
const UNIQUE_VIOLATION = '23505';
const CHECK_VIOLATION = '23514';
// "Invalid binary representation" and "bad COPY file format": how *we* talk to the database, and not what a record holds.
const OURS = new Set(['22P03', '22P04']);

/** SQLSTATE of an error that PostgreSQL sent, else null. Goes by shape: Jest's errors are of another realm. */
export function sqlStateOf(thrown: unknown): string | null {
  if (typeof thrown !== 'object' || thrown === null || !('severity' in thrown && 'code' in thrown)) return null;
  return typeof thrown.code === 'string' && /^[0-9A-Z]{5}$/.test(thrown.code) ? thrown.code : null;
}

function namesConstraint(thrown: unknown): boolean {
  return typeof thrown === 'object' && thrown !== null && 'constraint' in thrown && thrown.constraint !== undefined;
}

export function faultOf(thrown: unknown): Fault {
  const sqlState = sqlStateOf(thrown);
  if (sqlState === null) return 'wait';
  if (sqlState.startsWith('22')) return OURS.has(sqlState) ? 'wait' : 'row';
  if (sqlState === NOT_NULL_VIOLATION) return 'row';
  if (sqlState === UNIQUE_VIOLATION) return 'duplicate';
  // A check that has a name is about the row; the one without is PostgreSQL's word for "no partition found".
  if (sqlState === CHECK_VIOLATION) return namesConstraint(thrown) ? 'row' : 'partition';
  return 'wait';
}

/** What was thrown, as the error that makes a caller wait and try again. */
export function unavailable(thrown: unknown, doing: string): StoreUnavailableError {
  if (thrown instanceof StoreUnavailableError) return thrown;
  const sqlState = sqlStateOf(thrown);
  return new StoreUnavailableError(`${doing}: ${messageOf(thrown)}`, {
    cause: thrown,
    context: sqlState === null ? {} : { sqlState },
  });
}

/** What was thrown for one row alone, as its own error. */
export function rejected(thrown: unknown): RowRejectedError {
  return new RowRejectedError(sqlStateOf(thrown) ?? 'unknown', messageOf(thrown), { cause: thrown });
}
