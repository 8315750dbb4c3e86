import type { Transaction } from '../database/database.js';

/**
 * `open`: failed, and nothing was done about it. `replaying`: in a replay that has not heard of it yet. `recovered`: stored since.
 * `failed_again`: replayed in vain. `discarded`: an operator gave it up. `parked`: replayed as often as is allowed.
 */
export const LETTER_STATES = ['open', 'replaying', 'recovered', 'failed_again', 'discarded', 'parked'] as const;

export type LetterState = (typeof LETTER_STATES)[number];

/** A letter that its record's replay has brought a newer one of. It is history, and in no list. */
export const SUPERSEDED = 'superseded';

/**
 * The state of a letter `d`, by what was decided about its record (`r`), whether a replay holds it (`i`), and the letters that came
 * later. Closed for good is closed whatever arrives afterwards (guarantees, rule 17).
 */
const STATE = `
  CASE
    WHEN EXISTS (SELECT FROM admin.dead_letters later WHERE later.identity = d.identity AND later.replay_count > d.replay_count)
      THEN '${SUPERSEDED}'
    WHEN r.closed IS NOT NULL THEN 'recovered'
    WHEN r.discarded_at IS NOT NULL THEN 'discarded'
    WHEN i.identity IS NOT NULL THEN 'replaying'
    WHEN r.capped OR greatest(d.replay_count, r.issued) >= $2 THEN 'parked'
    WHEN d.replay_count > 0 OR r.failed > 0 THEN 'failed_again'
    ELSE 'open'
  END`;

/**
 * Holds records until the transaction ends, and answers those about which anything was ever decided, which are all that were replayed. Whoever
 * changes what a state follows from comes before or after: two who did at once would each leave the other's part out.
 *
 * In the order of the identities, and before anything else is locked that others lock after it: the counts of groups.
 */
export async function lockRecords(transaction: Transaction, identities: readonly string[]): Promise<string[]> {
  const locked = await transaction.query<{ identity: string }>(
    'SELECT identity FROM admin.dead_letter_decisions WHERE identity = ANY ($1::text[]) ORDER BY identity FOR UPDATE',
    [identities],
  );
  return locked.map(({ identity }) => identity);
}

/** As `lockRecords`, of records about which nothing may be decided yet: there is a row of each of them afterwards. */
export async function holdRecords(transaction: Transaction, identities: readonly string[]): Promise<void> {
  if (identities.length === 0) return;
  await transaction.query(
    `INSERT INTO admin.dead_letter_decisions (identity) SELECT DISTINCT given.identity COLLATE "C" FROM unnest($1::text[]) AS given (identity)
     ORDER BY 1 ON CONFLICT DO NOTHING`,
    [identities],
  );
  await lockRecords(transaction, identities);
}

/** Sets the state of all letters of these records anew; the last thing that a transaction does with them. `maxAttempts`: how often a record may be replayed. */
export async function restate(
  transaction: Transaction,
  identities: readonly string[],
  maxAttempts: number,
): Promise<void> {
  if (identities.length === 0) return;
  await lockRecords(transaction, identities);
  await transaction.query(
    `UPDATE admin.dead_letters known SET state = now.state
     FROM (
       SELECT d.dlq_partition, d.dlq_offset, ${STATE} AS state
       FROM admin.dead_letters d
       LEFT JOIN admin.dead_letter_decisions r ON r.identity = d.identity
       LEFT JOIN admin.replay_items i ON i.identity = d.identity AND i.held
       WHERE d.identity = ANY ($1::text[])
     ) now
     WHERE known.dlq_partition = now.dlq_partition AND known.dlq_offset = now.dlq_offset AND known.state <> now.state`,
    [identities, maxAttempts],
  );
}
