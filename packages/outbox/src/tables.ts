import { escapeIdentifier } from 'pg';

/** The names of what an outbox in this schema consists of, ready to stand in SQL. */
export interface OutboxNames {
  readonly messages: string;
  readonly batch: string;
  /** Told on commit that there are messages. */
  readonly channel: string;
}

export function outboxNames(schema: string): OutboxNames {
  const inSchema = (name: string): string => `${escapeIdentifier(schema)}.${name}`;
  return { messages: inSchema('outbox'), batch: inSchema('outbox_batch'), channel: `${schema}_outbox` };
}

/**
 * The statements that make an outbox in this schema, for a migration of whoever owns it.
 *
 * `outbox` has only what is not published yet. `outbox_batch` is one row: the ids that the relay has taken and not yet seen committed, so that
 * whoever comes after it publishes exactly these again before anything else.
 */
export function createOutboxTables(schema: string): string[] {
  const { messages, batch } = outboxNames(schema);
  return [
    // Emptied as fast as it is filled: vacuum has to keep up, or each look for the first row reads past all that were deleted.
    `CREATE TABLE ${messages} (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      topic text NOT NULL,
      key bytea,
      value bytea,
      headers text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT clock_timestamp()
    ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000)`,
    `CREATE TABLE ${batch} (
      only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
      ids bigint[] NOT NULL DEFAULT '{}'
    ) WITH (fillfactor = 50)`,
    `INSERT INTO ${batch} DEFAULT VALUES`,
  ];
}

export function dropOutboxTables(schema: string): string[] {
  const { messages, batch } = outboxNames(schema);
  return [`DROP TABLE ${messages}, ${batch}`];
}
