import { KafkaConsumerError } from '@weir/errors';

import type { Session, Transaction } from '../database/database.js';

/** A stretch of one partition: `from` is where the projection stood, `to` the offset after what was read. */
export interface Move {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** Somebody else moved the projection meanwhile: another member, or this one with an answer that it never got. */
export class ProjectionMovedError extends KafkaConsumerError {
  constructor(topic: string) {
    super(`the projection of ${topic} stands elsewhere`, { code: 'projection_moved', context: { topic } });
  }
}

/** How far the projection of one topic has read, in the database that it is projected into. */
export class Positions {
  constructor(private readonly topic: string) {}

  /** Where each partition goes on; null for one that was never read. `topicId`: of the topic that was read. */
  async next(session: Session): Promise<ReadonlyMap<number, { readonly next: number; readonly topicId: string }>> {
    const rows = await session.query<{ partition: number; next: string; topic_id: string }>(
      'SELECT partition, next, topic_id FROM admin.projection_positions WHERE topic = $1',
      [this.topic],
    );
    return new Map(rows.map((row) => [row.partition, { next: Number(row.next), topicId: row.topic_id }]));
  }

  /** Partitions that are new begin at 0; the others stay where they are. */
  async begin(transaction: Transaction, topicId: string, partitions: readonly number[]): Promise<void> {
    await transaction.query(
      `INSERT INTO admin.projection_positions (topic, partition, topic_id, next)
       SELECT $1, partition, $2, 0 FROM unnest($3::int[]) AS partition ON CONFLICT DO NOTHING`,
      [this.topic, topicId, partitions],
    );
  }

  /** By compare-and-set (guarantees, rule 17). Throws ProjectionMovedError where one of them does not stand where the move begins. */
  async move(transaction: Transaction, moves: readonly Move[]): Promise<void> {
    const moved = await transaction.query(
      `UPDATE admin.projection_positions p SET next = m.destination
       FROM unnest($2::int[], $3::bigint[], $4::bigint[]) AS m (partition, origin, destination)
       WHERE p.topic = $1 AND p.partition = m.partition AND p.next = m.origin RETURNING p.partition`,
      [this.topic, moves.map(({ partition }) => partition), moves.map(({ from }) => from), moves.map(({ to }) => to)],
    );
    if (moved.length < moves.length) throw new ProjectionMovedError(this.topic);
  }

  /** Everything is to be read again, of whichever topic has the name by now. */
  async forget(transaction: Transaction): Promise<void> {
    await transaction.query('DELETE FROM admin.projection_positions WHERE topic = $1', [this.topic]);
  }
}
