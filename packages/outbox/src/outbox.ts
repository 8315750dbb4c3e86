import { assertSendable, type OutgoingRecord } from '@weir/kafka';
import type { ClientBase, Pool } from 'pg';

import { headersText } from './stored-headers.js';
import { type OutboxNames, outboxNames } from './tables.js';

/** A record to be published. Its partition follows from its key, its timestamp is when it is published. */
export type OutboxMessage = Pick<OutgoingRecord, 'topic' | 'key' | 'value' | 'headers'>;

/** What waits to be published. */
export interface OutboxBacklog {
  readonly messages: number;
  /** 0 where nothing waits. */
  readonly oldestAgeMs: number;
}

/** Takes messages in the transaction that writes the rows which they tell of: both are there, or neither. */
export class Outbox {
  private readonly names: OutboxNames;

  /** `schema` is where `createOutboxTables` made its tables. */
  constructor(schema: string) {
    this.names = outboxNames(schema);
  }

  /**
   * Adds messages to the client's open transaction; they are published in the order given, once it commits.
   *
   * Messages of one key from several transactions are published in the order of their commits only where these come one after the
   * other, as by a row's lock that is held from before this call to the end.
   *
   * Throws KafkaProducerError `record_invalid` for what no broker would take: it would stand in the way of everything after it. What
   * PostgreSQL throws is thrown as it is.
   */
  async enqueue(client: ClientBase, messages: readonly OutboxMessage[]): Promise<void> {
    if (messages.length === 0) return;
    assertSendable(messages);
    const { messages: table, channel } = this.names;
    await client.query(
      `WITH added AS (
         INSERT INTO ${table} (topic, key, value, headers)
         SELECT topic, key, value, headers
         FROM unnest($1::text[], $2::bytea[], $3::bytea[], $4::text[]) WITH ORDINALITY AS given (topic, key, value, headers, place)
         ORDER BY place
       )
       SELECT pg_notify($5, '')`,
      [
        messages.map(({ topic }) => topic),
        messages.map(({ key }) => (typeof key === 'string' ? Buffer.from(key) : key)),
        messages.map(({ value }) => value),
        messages.map(({ headers }) => headersText(headers ?? [])),
        channel,
      ],
    );
  }

  /** Counts what waits; for metrics. */
  async backlog(pool: Pool | ClientBase): Promise<OutboxBacklog> {
    const { rows } = await pool.query<{ messages: string; oldest_ms: string }>(
      `SELECT count(*) AS messages, coalesce(extract(epoch FROM clock_timestamp() - min(created_at)) * 1000, 0) AS oldest_ms
       FROM ${this.names.messages}`,
    );
    const [found] = rows;
    return { messages: Number(found?.messages ?? 0), oldestAgeMs: Math.max(Number(found?.oldest_ms ?? 0), 0) };
  }
}
