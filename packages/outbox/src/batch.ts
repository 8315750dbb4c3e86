import type { OutgoingRecord } from '@weir/kafka';
import type { ClientBase } from 'pg';

import { headersOf } from './stored-headers.js';
import type { OutboxNames } from './tables.js';

/** Messages that are published as one. */
export interface Batch {
  readonly ids: readonly string[];
  readonly records: readonly OutgoingRecord[];
}

export interface BatchSize {
  readonly messages: number;
  readonly bytes: number;
}

interface MessageRow {
  readonly id: string;
  readonly topic: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: string;
}

/**
 * The next batch; empty where nothing waits.
 *
 * What was taken and not settled comes again, the same and whole. Without that, a relay that died between the brokers' commit and the deletion
 * of its rows would leave its successor a batch that a late commit had cut elsewhere: it could end with an old state of a key that the
 * topic already holds a newer one of.
 *
 * Takes rows that are there, the lowest id first, and not those past the id that was taken last: a transaction that commits late brings lower ones.
 */
export async function takeBatch(client: ClientBase, names: OutboxNames, size: BatchSize): Promise<Batch> {
  await client.query(
    `UPDATE ${names.batch} SET ids = ARRAY(
       SELECT id FROM (
         SELECT id, row_number() OVER by_id AS place, sum(octet_length(value)) OVER by_id AS bytes
         FROM (SELECT id, value FROM ${names.messages} ORDER BY id LIMIT $1) AS first
         WINDOW by_id AS (ORDER BY id)
       ) AS summed
       WHERE place = 1 OR coalesce(bytes, 0) <= $2
       ORDER BY id
     )
     WHERE NOT EXISTS (SELECT FROM ${names.messages} WHERE id = ANY (ids))`,
    [size.messages, size.bytes],
  );
  const { rows } = await client.query<MessageRow>(
    `SELECT id, topic, key, value, headers FROM ${names.messages}
     WHERE id = ANY (SELECT unnest(ids) FROM ${names.batch}) ORDER BY id`,
  );
  return {
    ids: rows.map(({ id }) => id),
    records: rows.map(({ topic, key, value, headers }) => ({ topic, key, value, headers: headersOf(headers) })),
  };
}

/** Forgets a batch whose commit is certain. */
export async function settleBatch(client: ClientBase, names: OutboxNames, { ids }: Batch): Promise<void> {
  await client.query(
    `WITH published AS (DELETE FROM ${names.messages} WHERE id = ANY ($1::bigint[]))
     UPDATE ${names.batch} SET ids = '{}'`,
    [ids],
  );
}
