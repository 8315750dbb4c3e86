import type { PoolClient } from 'pg';

import { faultOf } from '../faults.js';

/** Sets the savepoint that `orBack` goes back to. May stand in front of the first statement, which saves a turn to the server. */
export const SAVEPOINT = 'SAVEPOINT work;';
/** Needed only where many follow one another: COMMIT ends those that are left. */
export const RELEASE = 'RELEASE SAVEPOINT work;';

/**
 * Runs `work`, which begins by setting the savepoint. A fault for which something can be done (a row's, a missing partition's) is rolled back
 * to the savepoint and returned, with the transaction alive and its row locks kept; anything else rejects as it came.
 */
export async function orBack(client: PoolClient, work: () => Promise<void>): Promise<unknown> {
  try {
    await work();
    return null;
  } catch (thrown) {
    if (faultOf(thrown) === 'wait') throw thrown;
    await client.query(`ROLLBACK TO ${SAVEPOINT} ${RELEASE}`);
    return thrown;
  }
}
