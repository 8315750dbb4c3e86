import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KafkaAdminError } from '@weir/errors';
import { BatchConsumer, KafkaAdmin, LogReader, type PartitionLag } from '@weir/kafka';
import { Metrics } from '@weir/telemetry';
import { eventually, seriesIn, uniqueName } from '@weir/testing';
import { metricsDlq, metricsRaw, tenants, type TopicDefinition } from '@weir/topics';
import type { Pool } from 'pg';

import { Database } from '../src/database/database.js';
import { Cluster } from '../src/kafka/cluster.js';
import { ClusterGauges } from '../src/observation/cluster-gauges.js';
import { RecoveryGauges } from '../src/observation/recovery-gauges.js';
import { type AdminSchema, adminSchema, SILENT } from './support/admin-schema.js';
import { ClusterBench, connection } from './support/cluster-bench.js';

const shown = async (text: string | Promise<string>, ...what: [name: string, labels?: Record<string, string>]) =>
  seriesIn(await text, ...what);

describe('what admin-service sees of the cluster', () => {
  let bench: ClusterBench;
  beforeAll(async () => {
    bench = await ClusterBench.start();
  });
  afterAll(() => bench.close());
  const named = (definition: TopicDefinition) => ({ topic: bench.admin.topics.name(definition) });
  const scraped = async (): Promise<string> => (await fetch(`${bench.admin.url}/metrics`)).text();

  it('is the lag of each partition that its reader measures by itself, in records and in seconds', async () => {
    const group = uniqueName('observed');
    const inside = new Map<number, PartitionLag>();
    const holding = { open: false };
    const consumer = new BatchConsumer(connection(), {
      groupId: group,
      topics: [bench.topic],
      lagIntervalMs: 200,
      backoff: { minMs: 50, maxMs: 100 },
      handler: () => (holding.open ? Promise.reject(new Error('not now')) : Promise.resolve()),
      observer: {
        lag: (lags) => {
          for (const lag of lags) inside.set(lag.partition, lag);
        },
      },
    });
    await consumer.start();
    const lagOf = (partition: number, outside: readonly number[]) => [inside.get(partition)?.lag, outside[0]];
    const outside = (partition: number) =>
      shown(scraped(), 'weir_group_lag_records', { group, partition: String(partition) });
    await bench.send([0, 0, 1].map((partition) => ({ partition, value: Buffer.from('settled') })));
    await eventually(
      async () => lagOf(0, await outside(0)),
      ([a, b]) => a === 0 && b === 0,
      { timeoutMs: 60_000 },
    );

    holding.open = true;
    await bench.send([0, 0, 0, 1].map((partition) => ({ partition, value: Buffer.from('held') })));
    await eventually(
      async () => lagOf(0, await outside(0)),
      ([a, b]) => a === 3 && b === 3,
      { timeoutMs: 60_000 },
    );
    await eventually(
      async () => lagOf(1, await outside(1)),
      ([a, b]) => a === 1 && b === 1,
      { timeoutMs: 60_000 },
    );
    const seconds = await eventually(
      async () => [
        (inside.get(0)?.behindMs ?? 0) / 1_000,
        ...(await shown(scraped(), 'weir_group_lag_seconds', { group, partition: '0' })),
      ],
      ([own = 0]) => own > 15,
      { timeoutMs: 60_000 },
    );
    // The end is looked at every ten seconds, and the gauge shows what was so at the last look.
    expect(Math.abs((seconds[0] ?? 0) - (seconds[1] ?? 0))).toBeLessThan(21);
    expect(await shown(scraped(), 'weir_group_members', { group })).toEqual([1]);

    holding.open = false;
    await eventually(
      async () => lagOf(0, await outside(0)),
      ([a, b]) => a === 0 && b === 0,
      { timeoutMs: 60_000 },
    );
    expect(inside.get(0)?.behindMs).toBe(0);
    await consumer.stop(5_000);
  }, 180_000);

  it('are its topics: which are missing or short of replicas, their ends, and how long they keep records', async () => {
    const text = await eventually(scraped, (metrics) => metrics.includes('weir_topic_retention_seconds{'), {
      timeoutMs: 60_000,
    });
    expect(await shown(text, 'weir_topic_missing', named(metricsRaw))).toEqual([1]); // nobody has made it here
    expect(await shown(text, 'weir_topic_missing', named(metricsDlq))).toEqual([0]);
    expect(await shown(text, 'weir_topic_under_replicated_partitions', named(metricsDlq))).toEqual([0]);
    expect(await shown(text, 'weir_topic_end_offset', named(metricsDlq))).toHaveLength(6);
    expect(await shown(text, 'weir_topic_retention_seconds', named(metricsDlq))).toEqual([30 * 86_400]);
    expect(await shown(text, 'weir_topic_retention_seconds', named(tenants))).toEqual([]); // compacted
    expect(await shown(text, 'weir_cluster_brokers')).toEqual([1]);
  });

  it('are its topics still where groups cannot be listed, and no lag that stands still', async () => {
    const group = uniqueName('observed');
    const [own, foreign, later] = [uniqueName('own'), uniqueName('foreign'), uniqueName('later')];
    const topics = [own, foreign];
    const send = () => bench.send(topics.map((topic) => ({ topic, value: Buffer.from('unread') })));
    for (const name of topics) await bench.admin.kafka.createTopic({ name, partitions: 1 });
    await send();
    await bench.admin.kafka.setOffsets(
      group,
      topics.map((topic) => ({ topic, partition: 0, offset: 0 })),
    );
    const admin = new GrouplessAdmin(connection());
    const cluster = new Cluster({ admin, log: new LogReader(connection(), { name: 'observed' }) });
    const metrics = new Metrics();
    const clock = { now: 1_800_000_000_000 };
    const gauges = new ClusterGauges(cluster, metrics, SILENT, [own, later], () => clock.now);
    const looked = async () => {
      const failure = await gauges.look().catch((thrown: unknown) => thrown);
      const text = await metrics.scrape();
      return {
        failure,
        records: topics.flatMap((topic) => seriesIn(text, 'weir_group_lag_records', { group, topic })),
        seconds: topics.flatMap((topic) => seriesIn(text, 'weir_group_lag_seconds', { group, topic })),
        members: seriesIn(text, 'weir_group_members', { group }),
        end: seriesIn(text, 'weir_topic_end_offset', { topic: own }),
        missing: seriesIn(text, 'weir_topic_missing', { topic: later }),
      };
    };
    // Other tests have topics in this cluster: while one of theirs is being deleted no lag is known but of our own.
    const bothLookedAt = () => eventually(looked, ({ records }) => records.length === 2);
    expect(await bothLookedAt()).toEqual({ records: [1, 1], seconds: [0, 0], members: [0], end: [1], missing: [1] });

    admin.isRefused = true;
    clock.now += 60_000;
    await bench.admin.kafka.createTopic({ name: later, partitions: 1 });
    await send();
    const without = await eventually(looked, ({ missing }) => missing[0] === 0);
    expect(without.failure).toMatchObject({ code: 'kafka_authorization_failed' });
    expect(without).toMatchObject({ records: [], seconds: [], members: [], end: [2] });

    admin.isRefused = false;
    clock.now += 60_000;
    const again = { records: [2, 2], seconds: [120, 120], members: [0], end: [2], missing: [0] };
    expect(await bothLookedAt()).toEqual(again);
    await cluster.onApplicationShutdown();
    await bench.admin.kafka.deleteTopics([...topics, later]);
  });
});

/** Of an operator who may look at topics, and at groups only while that is granted. */
class GrouplessAdmin extends KafkaAdmin {
  isRefused = false;

  override listGroups(): Promise<string[]> {
    if (!this.isRefused) return super.listGroups();
    return Promise.reject(new KafkaAdminError('Not authorised.', { code: 'kafka_authorization_failed' }));
  }
}

describe('what admin-service shows of dead letters, replays and keys', () => {
  let schema: AdminSchema;
  let pool: Pool;
  beforeAll(async () => {
    schema = await adminSchema('observation');
    pool = schema.pool;
  });
  afterAll(() => schema.drop());

  const clock = { now: 0 };
  const metrics = new Metrics();
  const look = async (): Promise<string> => {
    gauges ??= new RecoveryGauges(new Database(pool), metrics, SILENT, metricsDlq.retentionMs, () => clock.now);
    await gauges.look();
    return metrics.scrape();
  };
  let gauges: RecoveryGauges | undefined;

  const letter = (offset: number, reason: string, state: string, age: string): Promise<unknown> =>
    pool.query(
      `INSERT INTO admin.dead_letters (dlq_partition, dlq_offset, identity, replay_count, state, class, reason, error, fingerprint, topic,
         partition, origin_offset, origin_at, routed_at, consumer_group, service_version, attempts, omitted_bytes, value_sha256)
       VALUES (0, $1::int, 'i' || $1::int, 0, $3, 'poison', $2, 'e', $2, 't', 0, $1::int, now(), now() - $4::interval, 'g', '1', 1, 0, '')`,
      [offset, reason, state, age],
    );

  const key = (id: string, tenant: string, ends: string | null, revoked = false): Promise<unknown> =>
    pool.query(
      `INSERT INTO admin.tenant_keys (id, tenant_id, hash, label, scopes, created_by, expires_at, revoked_at)
       VALUES ($1, $2, repeat('0', 64), '', '{}', 'o', now() + $3::interval, CASE WHEN $4 THEN now() END)`,
      [id, tenant, ends, revoked],
    );

  it('counts letters by state and reason, and knows the oldest that waits for somebody', async () => {
    for (const reason of ['frame', 'decode'])
      await pool.query(
        `INSERT INTO admin.dead_letter_groups (fingerprint, class, reason, error, pattern, first_seen, last_seen, service_versions, sample_partition, sample_offset)
         VALUES ($1, 'poison', $1, 'e', 'e', now(), now(), '{}', 0, 0)`,
        [reason],
      );
    await letter(1, 'frame', 'open', '2 hours');
    await letter(2, 'frame', 'open', '1 hour');
    await letter(3, 'decode', 'recovered', '3 hours');
    await letter(4, 'decode', 'superseded', '4 hours');
    await letter(5, 'decode', 'open', '31 days'); // its bytes are gone: nobody can save it any more
    const text = await look();
    expect(await shown(text, 'weir_dead_letters', { state: 'open', reason: 'frame' })).toEqual([2]);
    expect(await shown(text, 'weir_dead_letters', { state: 'recovered', reason: 'decode' })).toEqual([1]);
    expect(await shown(text, 'weir_dead_letters', { state: 'superseded' })).toEqual([]);
    const [oldest = 0] = await shown(text, 'weir_dead_letters_oldest_open_seconds');
    expect(Math.abs(oldest - 7_200)).toBeLessThan(60);
    await pool.query("UPDATE admin.dead_letters SET state = 'discarded'");
    expect(await shown(look(), 'weir_dead_letters_oldest_open_seconds')).toEqual([0]);
    expect(await shown(look(), 'weir_dead_letters', { state: 'open' })).toEqual([]);
  });

  it('tells for how long a running replay has not moved, and what is left of it', async () => {
    await pool.query(
      `INSERT INTO admin.replays (id, state, selection, plan_hash, records, rate, chunk_records, max_attempts, created_by)
       VALUES ('r', 'running', '{}', 'h', 2, 10, 10, 3, 'o')`,
    );
    for (const item of [0, 1])
      await pool.query(
        `INSERT INTO admin.replay_items (replay_id, item, identity, replay_count, dlq_partition, dlq_offset, value_sha256)
         VALUES ('r', $1::int, 'x' || $1::int, 1, 0, $1::int, '')`,
        [item],
      );
    clock.now = 1_000_000;
    expect(await shown(look(), 'weir_replay_idle_seconds')).toEqual([0]);
    clock.now += 600_000;
    expect(await shown(look(), 'weir_replay_idle_seconds')).toEqual([600]);
    expect(await shown(look(), 'weir_replay_remaining_records')).toEqual([2]);
    expect(await shown(look(), 'weir_replays', { state: 'running' })).toEqual([1]);
    await pool.query("UPDATE admin.replays SET held_by = 'consumer_lag' WHERE id = 'r'");
    expect(await shown(look(), 'weir_replay_idle_seconds')).toEqual([0]);
    await pool.query("UPDATE admin.replays SET held_by = NULL WHERE id = 'r'");
    await pool.query("UPDATE admin.replay_items SET held = false WHERE item = 0 AND replay_id = 'r'");
    expect(await shown(look(), 'weir_replay_idle_seconds')).toEqual([0]);
    clock.now += 60_000;
    await pool.query("UPDATE admin.replays SET state = 'paused' WHERE id = 'r'");
    expect(await shown(look(), 'weir_replay_idle_seconds')).toEqual([0]);
    expect(await shown(look(), 'weir_replays', { state: 'running' })).toEqual([0]);
  });

  it('tells when the last usable key of a tenant ends, and nothing of tenants with one that does not', async () => {
    for (const id of ['ending', 'endless', 'ended', 'long gone'])
      await pool.query(
        "INSERT INTO admin.tenants (id, name, state, version, limits) VALUES ($1, $1, 'active', 1, '{}')",
        [id],
      );
    await key('a', 'ending', '1 day');
    await key('b', 'ending', '3 days');
    await key('c', 'ending', null, true);
    await key('d', 'endless', '1 day');
    await key('e', 'endless', null);
    await key('f', 'ended', '-1 day');
    await key('g', 'long gone', '-8 days');
    const text = await look();
    const [ends = 0] = await shown(text, 'weir_api_key_expiry_timestamp_seconds', { tenant: 'ending' });
    expect(Math.abs(ends - (Date.now() / 1_000 + 3 * 86_400))).toBeLessThan(60);
    // Who is locked out is told of for a week: the alert must not end in the moment in which it matters.
    const [ended = 0] = await shown(text, 'weir_api_key_expiry_timestamp_seconds', { tenant: 'ended' });
    expect(Math.abs(ended - (Date.now() / 1_000 - 86_400))).toBeLessThan(60);
    expect(await shown(text, 'weir_api_key_expiry_timestamp_seconds')).toHaveLength(2);
  });
});
