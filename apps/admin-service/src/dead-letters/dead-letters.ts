import type { Database } from '../database/database.js';
import { type Page, pageOf, placeOf } from '../http/page.js';
import type { PageRequest } from '../http/parameters.js';
import { AdminRefusal } from '../http/problems.js';
import { conditionOf, hasWords, type LetterFilter } from './filter.js';
import { type DeadLetterRow, type DeadLetterView, LETTER_COLUMNS, letterId, letterView, placeOfId } from './views.js';

const EXPORT_PAGE = 500;
/** From so many letters on, a page of those that have a word is found sooner from the newest one on than by the index of words. */
const FREQUENT = 10_000;

/** One replay of a record, as the record's own history tells it. */
interface ReplayOfLetter {
  readonly replayId: string;
  readonly replayCount: number;
  readonly answer: string | null;
  readonly answerReason: string | null;
  readonly outcome: string | null;
}

/** A dead letter, and what became of its record before and since. */
export interface LetterStory extends DeadLetterView {
  readonly discarded: { readonly at: string; readonly by: string; readonly reason: string } | null;
  readonly recoveredAt: string | null;
  /** Oldest first. */
  readonly replays: readonly ReplayOfLetter[];
  /** Letters of the same record, by the count of replays. */
  readonly letters: readonly string[];
}

interface DecisionRow {
  readonly closed_at: Date | null;
  readonly discarded_at: Date | null;
  readonly discarded_by: string | null;
  readonly discard_reason: string | null;
}

/** Reads the index of dead letters. */
export class DeadLetters {
  constructor(private readonly database: Database) {}

  /** Newest first. */
  async list(filter: LetterFilter, { limit, cursor }: PageRequest): Promise<Page<DeadLetterView>> {
    const question = JSON.stringify(['dead letters', filter]);
    const rows = await this.page(filter, placeOf(question, cursor), limit + 1);
    const nowMs = Date.now();
    return pageOf(rows, limit, question, { item: (row) => letterView(row, nowMs), place: placeIn });
  }

  /** All of them, newest first, a part at a time. */
  async *all(filter: LetterFilter): AsyncGenerator<DeadLetterView[]> {
    for (let place: string | null = null; ;) {
      const rows: DeadLetterRow[] = await this.page(filter, place, EXPORT_PAGE);
      const last = rows.at(-1);
      if (last === undefined) return;
      const nowMs = Date.now();
      yield rows.map((row) => letterView(row, nowMs));
      place = placeIn(last);
    }
  }

  /** Throws AdminRefusal `letter_not_found`. */
  async row(id: string): Promise<DeadLetterRow> {
    const place = placeOfId(id);
    const [row] =
      place === null
        ? []
        : await this.database.query<DeadLetterRow>(
            `SELECT ${LETTER_COLUMNS} FROM admin.dead_letters d WHERE dlq_partition = $1 AND dlq_offset = $2`,
            [place.partition, place.offset],
          );
    if (row === undefined) throw new AdminRefusal('letter_not_found');
    return row;
  }

  async story(id: string): Promise<LetterStory> {
    const row = await this.row(id);
    const [decision] = await this.database.query<DecisionRow>(
      `SELECT closed_at, discarded_at, discarded_by, discard_reason FROM admin.dead_letter_decisions WHERE identity = $1`,
      [row.identity],
    );
    const replays = await this.database.query<ReplayOfLetter>(
      `SELECT replay_id AS "replayId", replay_count AS "replayCount", answer, answer_reason AS "answerReason", outcome
       FROM admin.replay_items WHERE identity = $1 ORDER BY replay_count`,
      [row.identity],
    );
    const letters = await this.database.query<Pick<DeadLetterRow, 'dlq_partition' | 'dlq_offset'>>(
      'SELECT dlq_partition, dlq_offset FROM admin.dead_letters WHERE identity = $1 ORDER BY replay_count',
      [row.identity],
    );
    const { discarded_at: at, discarded_by: by, discard_reason: reason } = decision ?? {};
    return {
      ...letterView(row, Date.now()),
      discarded: at ? { at: at.toISOString(), by: by ?? '', reason: reason ?? '' } : null,
      recoveredAt: decision?.closed_at?.toISOString() ?? null,
      replays,
      letters: letters.map(letterId),
    };
  }

  private async page(filter: LetterFilter, place: string | null, limit: number): Promise<DeadLetterRow[]> {
    const { sql, values } = conditionOf(filter);
    const [routedAt, partition, offset] = place === null ? [null, null, null] : parsed(place);
    const first = values.length + 1;
    const behind =
      place === null
        ? ''
        : `AND (d.routed_at, d.dlq_partition, d.dlq_offset) < ($${first}::timestamptz, $${first + 1}::int, $${first + 2}::bigint)`;
    const given = [...values, ...(place === null ? [] : [routedAt, partition, offset])];
    const rare = filter.text !== null && !(await this.frequent(filter.text));
    // Left to itself, the planner goes from the newest letter to the oldest until it has a page, also for what only a few say.
    const letters = rare
      ? `(SELECT * FROM admin.dead_letters d WHERE ${hasWords(`$${given.push(filter.text)}`)} OFFSET 0)`
      : 'admin.dead_letters';
    return this.database.query<DeadLetterRow>(
      `SELECT ${LETTER_COLUMNS} FROM ${letters} d WHERE ${sql} ${behind}
       ORDER BY d.routed_at DESC, d.dlq_partition DESC, d.dlq_offset DESC LIMIT ${limit}`,
      given,
    );
  }

  /** Whether whole groups say so, and not only one letter or another: of a group, one error is known. */
  private async frequent(text: string): Promise<boolean> {
    const [row] = await this.database.query<{ frequent: boolean }>(
      `SELECT coalesce(sum(count), 0) >= ${FREQUENT} AS frequent FROM admin.dead_letter_groups JOIN admin.dead_letter_counts USING (fingerprint)
       WHERE words @@ plainto_tsquery('simple', $1)`,
      [text],
    );
    return row?.frequent === true;
  }
}

const placeIn = (row: DeadLetterRow): string => `${row.routed_at.getTime()}/${row.dlq_partition}/${row.dlq_offset}`;

function parsed(place: string): [Date, number, string] {
  const [routedAt = '', partition = '', offset = ''] = place.split('/');
  return [new Date(Number(routedAt)), Number(partition), offset];
}
