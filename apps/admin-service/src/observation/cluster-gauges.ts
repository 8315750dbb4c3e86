import { classify } from '@weir/errors';
import { partitionKey, type TopicPartitionOffset, type TopicWatermarks } from '@weir/kafka';
import { Rounds } from '@weir/nest-service';
import type { Logger, Metrics } from '@weir/telemetry';

import type { Cluster, ClusterClients } from '../kafka/cluster.js';
import { EndHistory } from './end-history.js';

const INTERVAL_MS = 10_000;
/** Weir's topics come first; whoever has thousands of partitions beside them measures those where they are. */
const MOST_PARTITIONS = 2_000;
const RETENTION_EVERY_ROUNDS = 30;

interface Groups {
  readonly described: readonly { readonly groupId: string; readonly members: readonly unknown[] }[];
  readonly committed: ReadonlyMap<string, readonly TopicPartitionOffset[]>;
}

/** Shows how far each group of the cluster is and how Weir's topics are, as the brokers tell it: from outside, also while a consumer is dead. */
export class ClusterGauges {
  private readonly rounds = new Rounds(() => this.round(), INTERVAL_MS);
  private readonly members;
  private readonly records;
  private readonly seconds;
  private histories: ReadonlyMap<string, EndHistory> = new Map();
  private roundsDone = 0;
  /** How many of Weir's topics there are, and of how many the retention is shown: at the very first start they are being made. */
  private topicsThere = 0;
  private retentionOf = -1;
  private failedWith: string | null = null;

  constructor(
    private readonly cluster: Cluster,
    private readonly metrics: Metrics,
    private readonly logger: Logger,
    /** Names of Weir's own topics on the brokers. */
    private readonly own: readonly string[],
    private readonly clock: () => number = Date.now,
  ) {
    this.members = metrics.gauge('weir_group_members');
    this.records = metrics.gauge('weir_group_lag_records');
    this.seconds = metrics.gauge('weir_group_lag_seconds');
  }

  start(): void {
    this.metrics.counter('weir_group_reading_failures_total').inc(0); // so that the first is seen as one
    this.rounds.start(0);
  }

  async stop(): Promise<void> {
    await this.rounds.stop();
  }

  /**
   * One look at the cluster, part by part: what one of them cannot tell keeps nothing else from being shown. Rejects with the first that
   * failed, after all; of lag nothing is shown then, for a figure that stands still looks like one that is right.
   */
  async look(): Promise<void> {
    const failures: unknown[] = [];
    const part = async <T>(work: (clients: ClusterClients) => Promise<T>): Promise<T | null> => {
      try {
        return await this.cluster.ask(work);
      } catch (thrown) {
        failures.push(thrown);
        return null;
      }
    };
    await part((clients) => this.showTopics(clients));
    const isDue = this.roundsDone % RETENTION_EVERY_ROUNDS === 0 || this.retentionOf !== this.topicsThere;
    if (isDue) await part(({ admin }) => this.showRetention(admin));
    this.roundsDone += 1;
    const groups = await part(({ admin }) => groupsOf(admin));
    const marks = await part(({ admin }) => this.marksOf(admin, groups));
    if (marks !== null) this.remember(marks, groups === null ? this.histories : new Map()); // others were not asked about
    for (const gauge of [this.members, this.records, this.seconds]) gauge.reset(); // a group that is gone is shown no more
    if (groups !== null && marks !== null) this.showLag(groups, marks);
    if (failures.length > 0) throw failures[0];
  }

  private async showTopics({ admin }: ClusterClients): Promise<void> {
    const { metrics, own } = this;
    const missing = metrics.gauge('weir_topic_missing');
    const underReplicated = metrics.gauge('weir_topic_under_replicated_partitions');
    const [{ brokerCount }, topics] = await Promise.all([admin.ping(), admin.describeTopics(own)]);
    this.topicsThere = topics.length;
    metrics.gauge('weir_cluster_brokers').set(brokerCount);
    for (const topic of own) {
      const description = topics.find(({ name }) => name === topic);
      missing.set({ topic }, description === undefined ? 1 : 0);
      const lacking = description?.partitions.filter(({ isr, replicas }) => isr.length < replicas.length) ?? [];
      underReplicated.set({ topic }, lacking.length);
    }
  }

  /**
   * Of Weir's topics, whose ends it shows; and of those of others that groups read, as far as they can be had: a partition of theirs may have
   * no leader.
   */
  private async marksOf(admin: ClusterClients['admin'], groups: Groups | null): Promise<readonly TopicWatermarks[]> {
    const read = new Set(
      [...(groups?.committed.values() ?? [])].flatMap((offsets) => offsets.map(({ topic }) => topic)),
    );
    const others = [...read].filter((topic) => !this.own.includes(topic));
    const [own, foreign] = await Promise.all([
      admin.watermarks(this.own),
      admin.watermarks(others).catch((): TopicWatermarks[] => []),
    ]);
    const ends = this.metrics.gauge('weir_topic_end_offset');
    for (const { topic, partition, high } of own) ends.set({ topic, partition: String(partition) }, high);
    return [...own, ...foreign];
  }

  /** Where each partition ends now; what is gone is forgotten, except what is to be kept. */
  private remember(marks: readonly TopicWatermarks[], kept: ReadonlyMap<string, EndHistory>): void {
    const now = this.clock();
    const histories = new Map(kept);
    for (const mark of marks) {
      const key = partitionKey(mark);
      const history = this.histories.get(key) ?? new EndHistory();
      history.record(now, mark.high);
      histories.set(key, history);
    }
    this.histories = histories;
  }

  private showLag({ described, committed }: Groups, marks: readonly TopicWatermarks[]): void {
    const { members, records, seconds } = this;
    const markOf = new Map(marks.map((mark) => [partitionKey(mark), mark]));
    const isOwn = (topic: string): number => (this.own.includes(topic) ? 0 : 1);
    const places = [...committed]
      .flatMap(([group, offsets]) => offsets.map((at) => ({ group, at })))
      .toSorted((a, b) => isOwn(a.at.topic) - isOwn(b.at.topic))
      .slice(0, MOST_PARTITIONS);
    const shown = new Set(places.map(({ group }) => group));
    for (const { groupId: group, members: all } of described) if (shown.has(group)) members.set({ group }, all.length);
    const now = this.clock();
    for (const { group, at } of places) {
      const key = partitionKey(at);
      const mark = markOf.get(key);
      if (mark === undefined) continue;
      const labels = { group, topic: at.topic, partition: String(at.partition) };
      const next = Math.max(at.offset, mark.low);
      const behind = Math.max(mark.high - next, 0);
      records.set(labels, behind);
      seconds.set(labels, behind === 0 ? 0 : (this.histories.get(key)?.secondsBehind(next, now) ?? 0));
    }
  }

  private async showRetention(admin: ClusterClients['admin']): Promise<void> {
    const retention = this.metrics.gauge('weir_topic_retention_seconds');
    const there = (await admin.describeTopics(this.own)).map(({ name }) => name);
    if (there.length === 0) return;
    for (const [topic, settings] of await admin.describeConfigs(there)) {
      const ms = Number(settings.get('retention.ms')?.value ?? -1);
      const isDeleted = settings.get('cleanup.policy')?.value.includes('delete') ?? true;
      if (ms > 0 && isDeleted) retention.set({ topic }, ms / 1_000);
      else retention.remove({ topic });
    }
    this.retentionOf = there.length;
  }

  /** Never rejects. */
  private async round(): Promise<void> {
    try {
      await this.look();
      this.failedWith = null;
    } catch (thrown) {
      const error = classify(thrown);
      this.metrics.counter('weir_group_reading_failures_total').inc();
      if (error.code !== this.failedWith && error.code !== 'kafka_disabled')
        this.logger.warn({ error }, 'The lag of groups cannot be read; what is shown grows old');
      this.failedWith = error.code;
    }
  }
}

/** What they have committed is asked for before the ends are, so that nobody seems to have read what came in between. */
async function groupsOf(admin: ClusterClients['admin']): Promise<Groups> {
  const ids = await admin.listGroups();
  const [described, committed] = await Promise.all([admin.describeGroups(ids), admin.offsetsOf(ids)]);
  return { described, committed };
}
