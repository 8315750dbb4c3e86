import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How far each projection has read, in the transaction of what it read. A topic that was made anew has another id, and begins at 0. */
const POSITIONS = `
  CREATE TABLE admin.projection_positions (
    topic text NOT NULL,
    partition integer NOT NULL,
    topic_id text NOT NULL,
    next bigint NOT NULL,
    PRIMARY KEY (topic, partition)
  )`;

/** What metrics.dlq holds: a projection that can be dropped and read again. One row for each identity and replay count. */
const DEAD_LETTERS = `
  CREATE TABLE admin.dead_letters (
    dlq_partition integer NOT NULL,
    dlq_offset bigint NOT NULL,
    identity text COLLATE "C" NOT NULL,
    replay_count integer NOT NULL,
    replay_id text COLLATE "C",
    state text COLLATE "C" NOT NULL DEFAULT 'open',
    class text COLLATE "C" NOT NULL,
    reason text COLLATE "C" NOT NULL,
    error text NOT NULL,
    fingerprint text COLLATE "C" NOT NULL,
    tenant_id text COLLATE "C",
    schema_id integer,
    topic text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    origin_offset bigint NOT NULL,
    origin_at timestamptz(3) NOT NULL,
    routed_at timestamptz(3) NOT NULL,
    consumer_group text NOT NULL,
    service_version text NOT NULL,
    attempts integer NOT NULL,
    trace_id text,
    value_bytes integer,
    omitted_bytes bigint NOT NULL,
    value_sha256 bytea NOT NULL,
    PRIMARY KEY (dlq_partition, dlq_offset),
    UNIQUE (identity, replay_count)
  )`;

const NEWEST_FIRST = 'routed_at, dlq_partition, dlq_offset';

/** What dead letters of one fingerprint share. */
const GROUPS = `
  CREATE TABLE admin.dead_letter_groups (
    fingerprint text COLLATE "C" PRIMARY KEY,
    class text COLLATE "C" NOT NULL,
    reason text COLLATE "C" NOT NULL,
    error text NOT NULL,
    pattern text NOT NULL,
    tenant_id text COLLATE "C",
    schema_id integer,
    first_seen timestamptz(3) NOT NULL,
    last_seen timestamptz(3) NOT NULL,
    service_versions text[] NOT NULL,
    sample_partition integer NOT NULL,
    sample_offset bigint NOT NULL,
    words tsvector GENERATED ALWAYS AS (to_tsvector('simple', error)) STORED
  )`;

/** How many of a group are in which state: kept by triggers, so that no writer can forget it. */
const COUNTS = `
  CREATE TABLE admin.dead_letter_counts (
    fingerprint text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (fingerprint, state)
  ) WITH (fillfactor = 50)`;

/** In the order of the key, so that two writers never wait for each other in a circle. */
const addCounts = (deltas: string): string => `
    INSERT INTO admin.dead_letter_counts AS known (fingerprint, state, count)
    SELECT fingerprint, state, sum(delta) FROM (${deltas}) changes GROUP BY 1, 2 HAVING sum(delta) <> 0 ORDER BY 1, 2
    ON CONFLICT (fingerprint, state) DO UPDATE SET count = known.count + excluded.count;`;

const ADDED = 'SELECT fingerprint, state, 1 AS delta FROM added';
const REMOVED = 'SELECT fingerprint, state, -1 AS delta FROM removed';

const COUNTING = (
  [
    ['inserted', ADDED, 'AFTER INSERT', 'NEW TABLE AS added'],
    ['updated', `${ADDED} UNION ALL ${REMOVED}`, 'AFTER UPDATE', 'OLD TABLE AS removed NEW TABLE AS added'],
    ['deleted', REMOVED, 'AFTER DELETE', 'OLD TABLE AS removed'],
  ] as const
).flatMap(([name, deltas, when, tables]) => [
  `CREATE FUNCTION admin.count_${name}_dead_letters() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN ${addCounts(deltas)} RETURN NULL; END $$`,
  `CREATE TRIGGER count_${name} ${when} ON admin.dead_letters REFERENCING ${tables}
   FOR EACH STATEMENT EXECUTE FUNCTION admin.count_${name}_dead_letters()`,
]);

/**
 * What became of a failed record and what operators decided about it, by its identity. metrics.dlq cannot tell it, so that it is never rebuilt:
 * `issued` is the highest count of a replay that was ever issued, `failed` the highest that is known to have failed.
 */
const DECISIONS = `
  CREATE TABLE admin.dead_letter_decisions (
    identity text COLLATE "C" PRIMARY KEY,
    issued integer NOT NULL DEFAULT 0,
    failed integer NOT NULL DEFAULT 0,
    capped boolean NOT NULL DEFAULT false,
    closed text CHECK (closed IN ('applied', 'repeated')),
    closed_at timestamptz,
    discarded_at timestamptz,
    discarded_by text,
    discard_reason text
  )`;

/** When one of a group was recovered last: whatever joins it later has come back. */
const RECOVERIES = `
  CREATE TABLE admin.dead_letter_recoveries (
    fingerprint text COLLATE "C" PRIMARY KEY,
    recovered_at timestamptz(3) NOT NULL
  )`;

/** What a plan found, for the difference where it does not hold any more. */
const PLANS = `
  CREATE TABLE admin.replay_plans (
    hash text COLLATE "C" PRIMARY KEY,
    selection jsonb NOT NULL,
    records text[] NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now()
  )`;

const REPLAYS = `
  CREATE TABLE admin.replays (
    id text COLLATE "C" PRIMARY KEY,
    state text NOT NULL CHECK (state IN ('running', 'paused', 'cancelling', 'cancelled', 'completed')),
    why text,
    selection jsonb NOT NULL,
    plan_hash text NOT NULL,
    records integer NOT NULL,
    rate double precision NOT NULL CHECK (rate > 0),
    chunk_records integer NOT NULL CHECK (chunk_records BETWEEN 1 AND 500),
    max_attempts integer NOT NULL,
    canary_records integer,
    canary_max_failed double precision,
    canary text CHECK (canary IN ('waiting', 'passed', 'failed')),
    max_lag bigint,
    held_by text,
    next_chunk integer NOT NULL DEFAULT 0,
    next_issue_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL,
    finished_at timestamptz
  )`;

const CHUNKS = `
  CREATE TABLE admin.replay_chunks (
    replay_id text COLLATE "C" NOT NULL REFERENCES admin.replays (id),
    chunk integer NOT NULL,
    records integer NOT NULL,
    unanswered integer NOT NULL,
    issued_at timestamptz(3) NOT NULL,
    deadline timestamptz(3) NOT NULL,
    last_issued_at timestamptz(3) NOT NULL,
    PRIMARY KEY (replay_id, chunk)
  )`;

/** `held`: no other replay may have the record. `place` is its index within the chunk that it was issued in last. */
const ITEMS = `
  CREATE TABLE admin.replay_items (
    replay_id text COLLATE "C" NOT NULL REFERENCES admin.replays (id),
    item integer NOT NULL,
    identity text COLLATE "C" NOT NULL,
    replay_count integer NOT NULL,
    dlq_partition integer NOT NULL,
    dlq_offset bigint NOT NULL,
    value_sha256 bytea NOT NULL,
    held boolean NOT NULL DEFAULT true,
    chunk integer,
    place integer,
    answer text,
    answer_reason text,
    answered_at timestamptz,
    topic text,
    partition integer,
    published_offset bigint,
    passed_at timestamptz,
    outcome text,
    outcome_reason text,
    fingerprint text,
    PRIMARY KEY (replay_id, item)
  )`;

/** The index of dead letters, what was decided about them, and replays. */
export class CreateDeadLetters1795392000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const table of [POSITIONS, DEAD_LETTERS, GROUPS, COUNTS, DECISIONS, RECOVERIES, PLANS, REPLAYS, CHUNKS, ITEMS])
      await runner.query(table);
    await runner.query(`CREATE INDEX dead_letters_newest ON admin.dead_letters (${NEWEST_FIRST})`);
    for (const column of ['state', 'reason', 'fingerprint', 'tenant_id', 'schema_id'])
      await runner.query(`CREATE INDEX dead_letters_by_${column} ON admin.dead_letters (${column}, ${NEWEST_FIRST})`);
    await runner.query('CREATE INDEX dead_letters_by_origin ON admin.dead_letters (topic, partition, origin_offset)');
    await runner.query(
      "CREATE INDEX dead_letters_by_words ON admin.dead_letters USING gin (to_tsvector('simple', error))",
    );
    await runner.query('CREATE INDEX dead_letter_groups_newest ON admin.dead_letter_groups (last_seen, fingerprint)');
    for (const statement of COUNTING) await runner.query(statement);
    await runner.query('CREATE UNIQUE INDEX replay_items_held ON admin.replay_items (identity) WHERE held');
    await runner.query('CREATE INDEX replay_items_unsettled ON admin.replay_items (replay_id, item) WHERE held');
    await runner.query('CREATE INDEX replay_items_by_identity ON admin.replay_items (identity, replay_count)');
    await runner.query('CREATE INDEX replay_items_by_chunk ON admin.replay_items (replay_id, chunk, place)');
    await runner.query(
      "CREATE INDEX replay_items_awaited ON admin.replay_items (answered_at) WHERE held AND answer = 'published'",
    );
    await runner.query(
      "CREATE INDEX replays_alive ON admin.replays (next_issue_at) WHERE state IN ('running', 'paused', 'cancelling')",
    );
    await runner.query('CREATE INDEX replays_newest ON admin.replays (created_at, id)');
    await runner.query('CREATE INDEX replay_chunks_unanswered ON admin.replay_chunks (deadline) WHERE unanswered > 0');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `DROP TABLE admin.replay_items, admin.replay_chunks, admin.replays, admin.replay_plans, admin.dead_letter_recoveries, admin.dead_letter_decisions,
         admin.dead_letter_counts, admin.dead_letter_groups, admin.dead_letters, admin.projection_positions`,
    );
    for (const name of ['inserted', 'updated', 'deleted'])
      await runner.query(`DROP FUNCTION admin.count_${name}_dead_letters()`);
  }
}
