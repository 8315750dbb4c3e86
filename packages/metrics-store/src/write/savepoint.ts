import type { PoolClient } from 'pg';

import { faultOf } from '../faults.js';

/**
 * Runs `work` inside a savepoint. A fault for which something can be done (a row's, a missing partition's) is rolled back to the
 * savepoint and returned, with the transaction alive and its row locks kept; anything else rejects as it came.
 */
export async function inSavepoint(client: PoolClient, work: () => Promise<void>): Promise<unknown> {
  await client.query('SAVEPOINT work');
  try {
    await work();
  } catch (thrown) {
    if (faultOf(thrown) === 'wait') throw thrown;
    await client.query('ROLLBACK TO SAVEPOINT work');
    await client.query('RELEASE SAVEPOINT work');
    return thrown;
  }
  await client.query('RELEASE SAVEPOINT work');
  return null;
}
