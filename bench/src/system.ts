import type { AppProcess } from '@weir/e2e/process';
import { type Environment, kafkaConnection, System } from '@weir/e2e/system';
import { KafkaAdmin } from '@weir/kafka';
import { EngineProcess, engines, eventually, seriesIn, uniqueName } from '@weir/testing';
import { metricsRaw, resolveTopics, type TopicDefinition } from '@weir/topics';

import { sampleEncoder } from './encoded.js';
import { sampleAt, seriesOf, type SeriesSet } from './samples.js';
import { sendInChunks } from './sending.js';

/** As docker-compose.yml and the local stack start them. */
const AS_DEPLOYED: Readonly<Record<string, Environment>> = {
  'ingest-api': { NODE_OPTIONS: '--max-semi-space-size=32' },
  'metrics-consumer': { NODE_OPTIONS: '--max-semi-space-size=32' },
};
let settings: Environment = {};

/** From now on apps are started with these variables other than usual. */
export function setForApps(others: Environment): void {
  settings = others;
}

/** As ingest-api sends them along. */
export const INGEST_HEADERS = [
  { key: 'correlation-id', value: Buffer.from('00000000-0000-4000-8000-000000000000') },
  { key: 'source', value: Buffer.from('ingest-api') },
];

export interface Writing {
  readonly count: number;
  /** The number of the first; 0 unless given. */
  readonly from?: number;
  /** When the first sample of each series was taken, and how long there is between two of them: a millisecond unless given. */
  readonly startMs: number;
  readonly stepMs?: number;
  readonly series?: SeriesSet;
  readonly into?: string;
}

export interface BenchSystemOptions {
  readonly tenantCount?: number;
  /** Of metrics.raw; as the registry has it unless given. */
  readonly partitions?: number;
}

/** How often it is looked whether everything is done, and for how long at most. */
export const LOOK_EVERY_MS = 20;
export const PATIENCE_MS = 300_000;

/** Weir as it is built, with a tenant that may send any number, and what a bench does to it and asks of it. */
export class BenchSystem {
  private constructor(readonly running: System) {}

  static async start({ tenantCount = 1, partitions }: BenchSystemOptions = {}): Promise<BenchSystem> {
    const running = await System.start({
      tenantCount,
      environment: async (usual, app) => {
        if (partitions !== undefined && app === 'ingest-api')
          await makeRaw(partitions, usual['KAFKA_TOPIC_PREFIX'] ?? '');
        return { LOG_LEVEL: 'warn', ...AS_DEPLOYED[app], ...settings };
      },
    });
    return new BenchSystem(running);
  }

  /** The processes of this machine that take part in the work, by name. */
  get pids(): ReadonlyMap<string, number> {
    return new Map([
      ...pidsByName(this.ingests),
      ...pidsByName(this.running.consumers),
      ...this.pidsOf('kafka', 'postgres'),
    ]);
  }

  /** All processes of ingest-api. */
  get ingests(): readonly AppProcess[] {
    return [this.running.ingest, ...this.running.moreIngest];
  }

  /** Resolves once there are so many processes of ingest-api, all of them ready. */
  async haveIngests(count: number): Promise<void> {
    const { moreIngest } = this.running;
    for (const ingest of moreIngest.splice(count - 1)) await ingest.end();
    while (this.ingests.length < count) await this.running.addIngest();
    await Promise.all(this.ingests.map((ingest) => ingest.ready()));
  }

  /** Resolves once so many metrics-consumers, and no others, have partitions of metrics.raw. */
  async haveConsumers(count: number): Promise<void> {
    const { consumers } = this.running;
    for (const consumer of consumers.splice(count)) await consumer.end();
    while (consumers.length < count) await this.running.addConsumer();
    await Promise.all(consumers.map((consumer) => consumer.ready()));
    await eventually(
      () => this.running.group(),
      ({ state, members }) =>
        state === 'stable' && members.length === count && members.every(({ assignment }) => assignment.length > 0),
      { timeoutMs: PATIENCE_MS },
    );
  }

  /** Resolves once no ingest-api works on anything any more: a load that ends leaves a request on each connection. */
  async quiet(): Promise<void> {
    for (const ingest of this.ingests)
      await eventually(
        () => inFlightOf(ingest),
        (count) => count === 0,
      );
  }

  /** The processes of engines, by name, as `pids` has them. */
  pidsOf(...engineNames: readonly ('kafka' | 'postgres')[]): [string, number][] {
    return engineNames.map((name) => [name, new EngineProcess(name).pid]);
  }

  /** How many records a topic was ever given. */
  recordsIn(topic: TopicDefinition): Promise<number> {
    return this.recordsInTopic(this.running.topics.name(topic));
  }

  /** As `recordsIn`, of any topic. */
  async recordsInTopic(name: string): Promise<number> {
    const partitions = await this.running.admin.watermarks([name]);
    return partitions.reduce((sum, { high }) => sum + high, 0);
  }

  /** As `recordsInTopic`, once the topic has grown no more for a moment: what its writer was at when nobody asked any more. */
  async recordsAtRest(name: string): Promise<number> {
    let before = -1;
    return eventually(
      () => this.recordsInTopic(name),
      (now) => {
        const same = now === before;
        before = now;
        return same;
      },
      { intervalMs: 250 },
    );
  }

  /** The sum of a group's committed offsets: of a topic from its first record on, how many it is done with. */
  async committedBy(groupId: string): Promise<number> {
    return (await this.running.admin.offsets(groupId)).reduce((sum, { offset }) => sum + Math.max(0, offset), 0);
  }

  /** A topic of its own for somebody else, of as many partitions as metrics.raw. */
  async createTopic(): Promise<string> {
    const name = uniqueName('bench');
    await this.running.admin.createTopic({ name, partitions: metricsRaw.partitions, replicationFactor: 1 });
    return name;
  }

  /** Puts samples into metrics.raw, or another topic, as ingest-api would write them. */
  async write({ count, from = 0, startMs, stepMs, series, into }: Writing): Promise<void> {
    const { topics, tenant } = this.running;
    const encode = await sampleEncoder(engines().schemaRegistry.url, tenant.id);
    const topic = into ?? topics.name(metricsRaw);
    await sendInChunks(count, (producer, at, length) => {
      const samples = Array.from({ length }, (_, n) => sampleAt(from + at + n, startMs, stepMs, series));
      return producer.send(
        encode(samples).map((value, n) => ({
          topic,
          key: `series-${seriesOf(from + at + n, series)}`,
          value,
          headers: INGEST_HEADERS,
        })),
      );
    });
  }

  /** Puts `count` records into metrics.raw that nobody can read. */
  async poison(count: number): Promise<void> {
    const topic = this.running.topics.name(metricsRaw);
    const headers = [{ key: 'tenant-id', value: Buffer.from(this.running.tenant.id) }];
    const value = Buffer.from(JSON.stringify(sampleAt(0, Date.now())));
    await sendInChunks(count, (producer, at, length) =>
      producer.send(Array.from({ length }, (_, n) => ({ topic, key: `poison-${at + n}`, value, headers }))),
    );
  }

  /** What the ledger counts, in all. Asked of the database, so that the consumer has no work with it. */
  async settled(): Promise<{ readonly stored: number; readonly deadLettered: number; readonly balanced: boolean }> {
    const [row] = await this.running.sql<{ stored: string; dead: string; balanced: boolean }>(
      `SELECT coalesce(sum(stored), 0) AS stored, coalesce(sum(dead_lettered), 0) AS dead,
              coalesce(bool_and(stored + dead_lettered + gap + expired + skipped = next - first), true) AS balanced
       FROM metrics.ledger`,
    );
    return { stored: Number(row?.stored), deadLettered: Number(row?.dead), balanced: row?.balanced === true };
  }

  async samples(): Promise<number> {
    const [row] = await this.running.sql<{ count: string }>('SELECT count(*) FROM metrics.samples');
    return Number(row?.count);
  }

  /** How many samples there are once everything that was written is one. Rejects where that does not come to be, each as one of its own. */
  async allStored(patienceMs = PATIENCE_MS): Promise<number> {
    const written = await this.recordsIn(metricsRaw);
    const { balanced, stored } = await eventually(
      () => this.settled(),
      (now) => now.stored + now.deadLettered >= written,
      { timeoutMs: patienceMs, intervalMs: LOOK_EVERY_MS },
    );
    const samples = await this.samples();
    if (!balanced || stored !== written || samples !== written)
      throw new Error(`${written} were written, ${stored} stored, as ${samples} samples; balanced: ${balanced}`);
    return samples;
  }

  async stop(): Promise<void> {
    await this.running.stop();
  }
}

async function inFlightOf({ url }: AppProcess): Promise<number | undefined> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return seriesIn(text, 'weir_ingest_in_flight_requests')[0];
}

function pidsByName(processes: readonly AppProcess[]): [string, number][] {
  return processes.map(({ name, pid = 0 }, at) => [at === 0 ? name : `${name}-${at + 1}`, pid]);
}

/** Weir with all its apps; stages in a row share it. */
export const weirAsDeployed = (): Promise<BenchSystem> => BenchSystem.start();

/** Before the apps start, which take a topic as they find it. */
async function makeRaw(partitions: number, prefix: string): Promise<void> {
  const admin = new KafkaAdmin(kafkaConnection());
  try {
    await admin.ensureTopics([{ ...resolveTopics({ prefix }).resolved(metricsRaw), partitions }]);
  } finally {
    await admin.close();
  }
}
