import type { Call } from '../access/call.js';
import type { AuditTrail } from '../audit/audit-trail.js';
import { type Database, MANY_RECORDS, type Session, type Transaction } from '../database/database.js';
import { AdminRefusal } from '../http/problems.js';
import type { DeadLetters, LetterStory } from './dead-letters.js';
import { conditionOfSelection, type Selection } from './selection.js';
import { holdRecords, type LetterState, restate, SUPERSEDED } from './state.js';

/** What an operator decides about records: `discard` gives them up, `restore` takes that back. */
type Decision = { readonly kind: 'discard'; readonly reason: string } | { readonly kind: 'restore' };

/** A decision about all records of a selection. */
export interface DecisionRequest {
  readonly selection: Selection;
  readonly decision: Decision;
  /** How many records it has to be about; null only tells how many that would be. */
  readonly confirmed: number | null;
}

export interface DecisionView {
  readonly done: boolean;
  /** Records that it is about. */
  readonly records: number;
  /** Selected dead letters that stay as they are, by state. */
  readonly excluded: Readonly<Partial<Record<LetterState | typeof SUPERSEDED, number>>>;
}

const DECIDABLE: Readonly<Record<Decision['kind'], readonly LetterState[]>> = {
  discard: ['open', 'failed_again', 'parked'],
  restore: ['discarded'],
};

/** The most records of one decision, for which the caller waits. */
const MAX_RECORDS = 100_000;

/** Operators giving records up, and taking that back. */
export class Discards {
  constructor(
    private readonly database: Database,
    private readonly letters: DeadLetters,
    private readonly trail: AuditTrail,
    private readonly maxAttempts: number,
  ) {}

  /** Throws AdminRefusal `letter_not_found` or `letter_state`. */
  async decide(call: Call, id: string, decision: Decision): Promise<LetterStory> {
    const { identity } = await this.letters.row(id);
    await this.database.transaction(async (transaction) => {
      // Before its state is looked at: whoever begins a replay of it has to come before or after.
      await holdRecords(transaction, [identity]);
      const [letter] = await transaction.query<{ state: LetterState }>(
        'SELECT state FROM admin.dead_letters WHERE identity = $1 ORDER BY replay_count DESC LIMIT 1',
        [identity],
      );
      if (letter === undefined || !DECIDABLE[decision.kind].includes(letter.state))
        throw new AdminRefusal('letter_state', { state: letter?.state ?? '' });
      await this.write(transaction, call, [identity], decision);
      await this.trail.changed(transaction, call, {
        target: `dead-letter:${id}`,
        before: { state: letter.state },
        after: audited(decision),
      });
    });
    return this.letters.story(id);
  }

  /** All of a selection or none of it. Throws AdminRefusal `selection_too_large` or `selection_changed`. */
  decideAll(call: Call, { selection, decision, confirmed }: DecisionRequest): Promise<DecisionView> {
    const states = DECIDABLE[decision.kind];
    return this.database.transaction(async (transaction) => {
      const counts = Object.entries(await countsOf(transaction, selection));
      const isDecidable = ([state]: [string, number]): boolean => states.some((each) => each === state);
      const selected = counts.filter(isDecidable).reduce((sum, [, letters]) => sum + letters, 0);
      const excluded = Object.fromEntries(counts.filter((each) => !isDecidable(each)));
      if (selected > MAX_RECORDS) throw new AdminRefusal('selection_too_large', { most: MAX_RECORDS });
      if (confirmed === null) return { done: false, records: selected, excluded };
      const identities = await identitiesOf(transaction, selection, states);
      await holdRecords(transaction, identities);
      const [held] = await transaction.query<{ records: number }>(
        'SELECT count(*)::int AS records FROM admin.dead_letters WHERE identity = ANY ($1::text[]) AND state = ANY ($2::text[])',
        [identities, states],
      );
      const records = held?.records ?? 0;
      // What was found and then replayed or decided by somebody else, before it was held, is missing now.
      if (records !== confirmed || records !== identities.length)
        throw new AdminRefusal('selection_changed', { records });
      await this.write(transaction, call, identities, decision);
      await this.trail.changed(transaction, call, {
        target: 'dead-letters',
        before: { selection, records },
        after: audited(decision),
      });
      return { done: true, records, excluded };
    }, MANY_RECORDS);
  }

  private async write(
    transaction: Transaction,
    call: Call,
    identities: readonly string[],
    decision: Decision,
  ): Promise<void> {
    const [by, reason] = decision.kind === 'discard' ? [call.actor.id, decision.reason] : [null, null];
    await transaction.query(
      `UPDATE admin.dead_letter_decisions
       SET discarded_at = CASE WHEN $2::text IS NULL THEN NULL ELSE now() END, discarded_by = $2, discard_reason = $3
       WHERE identity = ANY ($1::text[])`,
      [identities, by, reason],
    );
    await restate(transaction, identities, this.maxAttempts);
  }
}

/** How many dead letters of a selection are in which state. */
async function countsOf(session: Session, selection: Selection): Promise<DecisionView['excluded']> {
  const { sql, values } = conditionOfSelection(selection);
  const rows = await session.query<{ state: LetterState | typeof SUPERSEDED; letters: number }>(
    `SELECT d.state, count(*)::int AS letters FROM admin.dead_letters d WHERE ${sql} GROUP BY 1`,
    values,
  );
  return Object.fromEntries(rows.map(({ state, letters }) => [state, letters]));
}

async function identitiesOf(session: Session, selection: Selection, states: readonly LetterState[]): Promise<string[]> {
  const { sql, values } = conditionOfSelection(selection);
  const rows = await session.query<{ identity: string }>(
    `SELECT d.identity FROM admin.dead_letters d WHERE ${sql} AND d.state = ANY ($${values.length + 1}::text[])`,
    [...values, states],
  );
  return rows.map(({ identity }) => identity);
}

const audited = (decision: Decision): object =>
  decision.kind === 'discard' ? { state: 'discarded', reason: decision.reason } : { state: 'restored' };
