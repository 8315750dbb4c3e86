import { randomUUID } from 'node:crypto';

import { migrate, MetricsStore, type Sample } from '@weir/metrics-store';
import { eventually, freshDatabase, type FreshDatabase, uniqueName } from '@weir/testing';
import { Client, Pool } from 'pg';

/** A sample of whoever writes it. */
export type NewSample = Partial<Omit<Sample, 'tenantId'>>;

/** A migrated database of its own, written to by metrics-store's own writer and read as the role that may only query. */
export class Stored {
  private offset = 0;
  private readonly holders: Client[] = [];
  private readonly topicId = randomUUID();

  private constructor(
    private readonly database: FreshDatabase,
    private readonly role: string,
    /** As the role of queries. */
    readonly readerUrl: string,
    private readonly store: MetricsStore,
    /** As superuser, to look and to do harm with. */
    private readonly admin: Pool,
  ) {}

  static async create({ migrated = true } = {}): Promise<Stored> {
    const database = await freshDatabase('query');
    const role = uniqueName('reader').replaceAll('-', '_');
    const admin = new Pool({ connectionString: database.url, max: 2 });
    admin.on('error', () => undefined); // the database is dropped below it
    await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD 'reader'`);
    if (migrated) await migrate(database.url, { readerRole: role });
    const readerUrl = new URL(database.url);
    [readerUrl.username, readerUrl.password] = [role, 'reader'];
    return new Stored(database, role, readerUrl.href, new MetricsStore({ url: database.url }), admin);
  }

  async migrate(): Promise<void> {
    await migrate(this.database.url, { readerRole: this.role });
  }

  async write(tenantId: string, samples: readonly NewSample[]): Promise<void> {
    const range = { topic: 'metrics.raw', topicId: this.topicId, partition: 0 };
    const [from, to] = [this.offset, this.offset + samples.length];
    await this.store.transaction([{ ...range, from, to }], async (unit) => {
      const refused = await unit.write(
        samples.map((sample, i) => ({
          sample: sampleOf(tenantId, sample),
          topic: range.topic,
          partition: 0,
          offset: from + i,
        })),
      );
      if (refused[0] !== undefined) throw refused[0].error;
      unit.account(range.topic, 0, { stored: samples.length, deadLettered: 0, gap: 0 });
    });
    this.offset = to;
  }

  /** Waits until so many queries, and no more, are at work in the database. */
  async untilActive(count: number): Promise<void> {
    await eventually(
      async () => {
        const { rows } = await this.admin.query<{ active: number }>(
          `SELECT count(*)::int AS active FROM pg_stat_activity WHERE usename = $1 AND wait_event_type = 'Lock'`,
          [this.role],
        );
        return rows[0]?.active;
      },
      (active) => active === count,
    );
  }

  /** Makes every query that looks for samples wait, until the answer is called. */
  async holdSamples(): Promise<() => Promise<void>> {
    const holder = new Client({ connectionString: this.database.url });
    await holder.connect();
    this.holders.push(holder);
    await holder.query('BEGIN; LOCK TABLE metrics.samples IN ACCESS EXCLUSIVE MODE');
    return () => holder.end();
  }

  async close(): Promise<void> {
    await Promise.all(this.holders.map((holder) => holder.end()));
    await this.store.close();
    await this.admin.query(`DROP OWNED BY ${this.role}; DROP ROLE ${this.role}`);
    await this.admin.end();
    await this.database.drop();
  }
}

function sampleOf(tenantId: string, changes: NewSample): Sample {
  return {
    name: 'load1',
    environment: null,
    labels: {},
    timestampMs: Date.now(),
    value: 1,
    version: 1,
    replayed: false,
    ...changes,
    tenantId,
  };
}
