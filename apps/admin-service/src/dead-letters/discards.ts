import type { Call } from '../access/call.js';
import type { AuditTrail } from '../audit/audit-trail.js';
import type { Database } from '../database/database.js';
import { AdminRefusal } from '../http/problems.js';
import type { DeadLetters, LetterStory } from './dead-letters.js';
import { restate } from './state.js';

/** Operators giving records up, and taking that back. */
export class Discards {
  constructor(
    private readonly database: Database,
    private readonly letters: DeadLetters,
    private readonly trail: AuditTrail,
    private readonly maxAttempts: number,
  ) {}

  /** Throws AdminRefusal `letter_not_found` or `letter_state`. */
  async discard(call: Call, id: string, reason: string): Promise<LetterStory> {
    await this.decide(call, id, { discarded_by: call.actor.id, reason });
    return this.letters.story(id);
  }

  /** Makes it what it was before it was discarded. */
  async restore(call: Call, id: string): Promise<LetterStory> {
    await this.decide(call, id, null);
    return this.letters.story(id);
  }

  private async decide(
    call: Call,
    id: string,
    discard: { readonly discarded_by: string; readonly reason: string } | null,
  ): Promise<void> {
    const { identity } = await this.letters.row(id);
    await this.database.transaction(async (transaction) => {
      await transaction.query('INSERT INTO admin.dead_letter_decisions (identity) VALUES ($1) ON CONFLICT DO NOTHING', [
        identity,
      ]);
      // Before its state is looked at: whoever begins a replay of it has to come before or after.
      await transaction.query('SELECT FROM admin.dead_letter_decisions WHERE identity = $1 FOR UPDATE', [identity]);
      const [letter] = await transaction.query<{ state: string }>(
        'SELECT state FROM admin.dead_letters WHERE identity = $1 ORDER BY replay_count DESC LIMIT 1',
        [identity],
      );
      const state = letter?.state ?? '';
      const possible = discard === null ? state === 'discarded' : ['open', 'failed_again', 'parked'].includes(state);
      if (!possible) throw new AdminRefusal('letter_state', { state });
      await transaction.query(
        `UPDATE admin.dead_letter_decisions SET discarded_at = CASE WHEN $2::text IS NULL THEN NULL ELSE now() END, discarded_by = $2, discard_reason = $3
         WHERE identity = $1`,
        [identity, discard?.discarded_by ?? null, discard?.reason ?? null],
      );
      await restate(transaction, [identity], this.maxAttempts);
      await this.trail.changed(transaction, call, {
        target: `dead-letter:${id}`,
        before: { state },
        after: discard === null ? { state: 'restored' } : { state: 'discarded', reason: discard.reason },
      });
    });
  }
}
