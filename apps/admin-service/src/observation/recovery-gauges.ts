import { classify } from '@weir/errors';
import { Rounds } from '@weir/nest-service';
import { CappedLabel, type Logger, type Metrics } from '@weir/telemetry';

import type { Database } from '../database/database.js';
import { SUPERSEDED } from '../dead-letters/state.js';

const INTERVAL_MS = 10_000;
const NAMED_TENANTS = 100;

const LETTERS = `
  SELECT g.reason, c.state, sum(c.count)::float8 AS letters
  FROM admin.dead_letter_counts c JOIN admin.dead_letter_groups g USING (fingerprint)
  WHERE c.count > 0 AND c.state <> '${SUPERSEDED}' GROUP BY 1, 2`;

const OLDEST = `
  SELECT coalesce(extract(epoch FROM now() - min(at)), 0)::float8 AS seconds FROM (
    SELECT (SELECT min(routed_at) FROM admin.dead_letters WHERE state = waits AND ($1::float8 IS NULL OR routed_at > now() - $1 * interval '1 ms')) AS at
    FROM unnest(ARRAY['open', 'failed_again', 'parked']) waits) oldest`;

/** What changes whenever a replay moves. */
const REPLAYS = `
  SELECT r.id, r.state, r.held_by, held.records::float8 AS remaining,
         concat_ws(' ', r.next_chunk, held.records, (SELECT sum(unanswered) FROM admin.replay_chunks c WHERE c.replay_id = r.id)) AS place
  FROM admin.replays r, LATERAL (SELECT count(*) AS records FROM admin.replay_items i WHERE i.replay_id = r.id AND i.held) held
  WHERE r.state IN ('running', 'paused', 'cancelling')`;

/** Of tenants that would be locked out, or were within a week: by the last of their keys to end, where none is without end. */
const KEYS = `
  SELECT k.tenant_id, extract(epoch FROM max(k.expires_at))::float8 AS ends
  FROM admin.tenant_keys k JOIN admin.tenants t ON t.id = k.tenant_id AND t.state = 'active'
  WHERE k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now() - interval '7 days')
  GROUP BY 1 HAVING bool_and(k.expires_at IS NOT NULL) ORDER BY 2`;

interface ReplayRow {
  readonly id: string;
  readonly state: string;
  readonly held_by: string | null;
  readonly remaining: number;
  readonly place: string;
}

interface ReplayPlace {
  readonly place: string;
  readonly since: number;
}

/** Shows what the database knows of dead letters, replays and keys. */
export class RecoveryGauges {
  private readonly rounds = new Rounds(() => this.round(), INTERVAL_MS);
  private readonly tenantLabel = new CappedLabel(NAMED_TENANTS);
  private places = new Map<string, ReplayPlace>();

  constructor(
    private readonly database: Database,
    private readonly metrics: Metrics,
    private readonly logger: Logger,
    /** Of the dead letter queue: what is older can be decided about no more, for its bytes are gone. */
    private readonly retentionMs: number | null,
    private readonly clock: () => number = () => performance.now(),
  ) {}

  start(): void {
    this.rounds.start(0);
  }

  async stop(): Promise<void> {
    await this.rounds.stop();
  }

  /** One look at the database. Rejects with StoreUnavailableError; what was shown stays then. */
  async look(): Promise<void> {
    await this.showLetters();
    await this.showReplays();
    await this.showKeys();
  }

  private async showLetters(): Promise<void> {
    const counts = await this.database.query<{ reason: string; state: string; letters: number }>(LETTERS);
    const [oldest] = await this.database.query<{ seconds: number }>(OLDEST, [this.retentionMs]);
    const letters = this.metrics.gauge('weir_dead_letters');
    letters.reset();
    for (const { reason, state, letters: count } of counts) letters.set({ state, reason }, count);
    this.metrics.gauge('weir_dead_letters_oldest_open_seconds').set(oldest?.seconds ?? 0);
  }

  private async showReplays(): Promise<void> {
    const rows = await this.database.query<ReplayRow>(REPLAYS);
    const replays = this.metrics.gauge('weir_replays');
    for (const state of ['running', 'paused', 'cancelling'])
      replays.set({ state }, rows.filter((row) => row.state === state).length);
    this.metrics.gauge('weir_replay_remaining_records').set(rows.reduce((sum, { remaining }) => sum + remaining, 0));
    const now = this.clock();
    // One that waits on purpose, as for its consumer, has nothing to do.
    const running = rows.filter(({ state, held_by: heldBy }) => state === 'running' && heldBy === null);
    this.places = new Map(
      running.map(({ id, place }) => {
        const before = this.places.get(id);
        return [id, before?.place === place ? before : { place, since: now }];
      }),
    );
    const idle = [...this.places.values()].map(({ since }) => (now - since) / 1_000);
    this.metrics.gauge('weir_replay_idle_seconds').set(Math.max(0, ...idle));
  }

  private async showKeys(): Promise<void> {
    const rows = await this.database.query<{ tenant_id: string; ends: number }>(KEYS);
    const expiry = this.metrics.gauge('weir_api_key_expiry_timestamp_seconds');
    expiry.reset();
    const ends = new Map<string, number>();
    for (const { tenant_id: id, ends: at } of rows) {
      const tenant = this.tenantLabel.of(id);
      ends.set(tenant, Math.min(ends.get(tenant) ?? Infinity, at));
    }
    for (const [tenant, at] of ends) expiry.set({ tenant }, at);
  }

  /** Never rejects: while the database is away, or not migrated yet, there is nothing to show. */
  private async round(): Promise<void> {
    try {
      await this.look();
    } catch (thrown) {
      this.logger.debug({ error: classify(thrown) }, 'Dead letters and replays could not be looked at');
    }
  }
}
