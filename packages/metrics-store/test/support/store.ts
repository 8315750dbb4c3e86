import { randomUUID } from 'node:crypto';

import { freshDatabase } from '@weir/testing';
import { Pool } from 'pg';

import { migrate, MetricsStore, type PartitionRange, type PositionedSample, type Sample } from '../../src/index.js';
import type { StoreConnection } from '../../src/index.js';

/** A migrated store in a database of its own, with a superuser's connection beside it to look and to do harm with. */
export interface TestStore {
  readonly url: string;
  readonly admin: Pool;
  readonly topicId: string;
  open(options?: Partial<StoreConnection>): MetricsStore;
  count(): Promise<number>;
  close(): Promise<void>;
}

export async function testStore({ migrated = true } = {}): Promise<TestStore> {
  const database = await freshDatabase('store');
  const { url } = database;
  if (migrated) await migrate(url);
  const admin = new Pool({ connectionString: url, max: 4, options: '-c TimeZone=UTC' });
  admin.on('error', () => undefined);
  const stores: MetricsStore[] = [];
  return {
    url,
    admin,
    topicId: randomUUID(),
    open(options = {}) {
      const store = new MetricsStore({ url, ...options });
      stores.push(store);
      return store;
    },
    async count() {
      const { rows } = await admin.query<{ n: string }>('SELECT count(*) AS n FROM metrics.samples');
      return Number(rows[0]?.n);
    },
    async close() {
      await Promise.all(stores.map((store) => store.close()));
      await admin.end();
      await database.drop();
    },
  };
}

export const NOON = Date.UTC(2026, 10, 20, 12);

export function sample(overrides: Partial<Sample> = {}): Sample {
  return {
    tenantId: 'acme',
    name: 'cpu_seconds',
    environment: 'prod',
    labels: { host: 'a' },
    timestampMs: NOON,
    value: 1,
    version: NOON,
    replayed: false,
    ...overrides,
  };
}

/** Gives samples the offsets of one partition, from `from` on, and the range that they fill. */
export function batch(
  topicId: string,
  samples: readonly Sample[],
  { from = 0, partition = 0, topic = 'metrics.raw' } = {},
): { range: PartitionRange; positioned: PositionedSample[] } {
  return {
    range: { topic, topicId, partition, from, to: from + samples.length },
    positioned: samples.map((one, i) => ({ sample: one, topic, partition, offset: from + i })),
  };
}

/** Settles a batch as the consumer does: what is below `next` is left out, what is refused counts as dead-lettered. */
export async function settle(
  store: MetricsStore,
  { range, positioned }: { range: PartitionRange; positioned: readonly PositionedSample[] },
): Promise<{ refused: PositionedSample[] }> {
  const { topic, partition, from, to } = range;
  let refused: PositionedSample[] = [];
  await store.transaction([range], async (unit) => {
    refused = [];
    const next = unit.nextOf(topic, partition);
    let open = positioned.filter(({ offset }) => offset >= next);
    for (;;) {
      const bad = await unit.write(open);
      if (bad.length === 0) break;
      refused.push(...bad);
      const offsets = new Set(bad.map(({ offset }) => offset));
      open = open.filter(({ offset }) => !offsets.has(offset));
    }
    const due = Math.max(to - Math.max(from, next), 0);
    unit.account(topic, partition, {
      stored: open.length,
      deadLettered: refused.length,
      gap: due - open.length - refused.length,
    });
  });
  return { refused };
}
