import { eventually, uniqueName } from '@weir/testing';
import { metricsDlq } from '@weir/topics';

import { copyLimit, producerLimit } from '../limits/contenders.js';
import { UseMeter } from '../measure/process-use.js';
import { makePeerTables, peerSamples, RedpandaConnect } from '../peers/redpanda-connect.js';
import type { SeriesSet } from '../samples.js';
import { type ClosingContender, type Contender, closed, type Run, type Stage } from '../stage.js';
import { type BenchSystem, LOOK_EVERY_MS, PATIENCE_MS, weirAsDeployed } from '../system.js';

/** A dead letter takes so many times as long as a sample. */
const POISON_PART = 4;

/** Records that wait in Kafka become rows of series and samples. */
export const drain: Stage = {
  name: 'drain',
  unit: 'records',
  about:
    'Records that wait in metrics.raw are decoded, validated and upserted into series and samples, with the ledger; the limit is binary COPY of ready bytes on one connection into a table without index.',
  target: 0.45,
  peerTarget: 2,
  async open(extent, shared) {
    const { records, peers } = extent;
    const weir = await shared.of(weirAsDeployed, extent);
    const limit = await copyLimit(weir, records);
    const peer = peers ? [await drainingPeer(weir, records)] : [];
    return { contenders: [limit, draining(weir, records), ...peer], close: () => closed([...peer, limit]) };
  },
};

/** Nothing of what waits in Kafka can be read. */
export const poison: Stage = {
  name: 'poison',
  unit: 'records',
  about:
    'Records that nobody can read become dead letters, acknowledged before the ledger counts them; the limit is librdkafka’s producer from Node with encoded metrics.',
  target: 0.5,
  peerTarget: null,
  async open(extent, shared) {
    const weir = await shared.of(weirAsDeployed, extent);
    const limit = await producerLimit(weir, extent.seconds);
    return {
      contenders: [limit, poisoned(weir, extent.records / POISON_PART)],
      close: () => closed([limit]),
    };
  },
};

/** `seriesFrom`: the series of the records behind so many that went before. */
export function draining(
  weir: BenchSystem,
  records: number,
  name = 'weir',
  seriesFrom: (filled: number) => SeriesSet = () => ({}),
): Contender {
  let filled = 0;
  return {
    name,
    async run() {
      const startMs = Date.now();
      const [before, samples] = [await weir.settled(), await weir.samples()];
      const writing = { count: records, from: filled, startMs, series: seriesFrom(filled) };
      const run = await settleAll(weir, records, () => weir.write(writing));
      filled += records;
      const after = await weir.settled();
      const [stored, added] = [after.stored - before.stored, (await weir.samples()) - samples];
      if (!after.balanced || stored !== records || added !== records)
        throw new Error(`${records} were written, ${stored} stored, as ${added} samples; balanced: ${after.balanced}`);
      return run;
    },
  };
}

function poisoned(weir: BenchSystem, records: number): Contender {
  return {
    name: 'weir',
    async run() {
      const [before, letters] = [await weir.settled(), await weir.recordsIn(metricsDlq)];
      const run = await settleAll(weir, records, () => weir.poison(records));
      const after = await weir.settled();
      const written = (await weir.recordsIn(metricsDlq)) - letters;
      if (!after.balanced || after.deadLettered - before.deadLettered !== records || written !== records)
        throw new Error(
          `${records} were written, ${after.deadLettered - before.deadLettered} counted, ${written} are dead letters`,
        );
      return run;
    },
  };
}

function settleAll(weir: BenchSystem, records: number, fill: () => Promise<void>): Promise<Run> {
  return drained({
    processes: weir.running.consumers,
    pids: weir.pids,
    records,
    fill,
    done: async () => {
      const { stored, deadLettered } = await weir.settled();
      return stored + deadLettered;
    },
  });
}

/** Redpanda Connect, which reads a topic of its own and upserts into tables of its own. */
async function drainingPeer(weir: BenchSystem, records: number): Promise<ClosingContender> {
  const [topic, groupId] = [await weir.createTopic(), uniqueName('bench')];
  await makePeerTables(weir);
  const peer = await RedpandaConnect.draining(topic, groupId, weir.running.databaseUrl);
  const pids = new Map([['redpanda-connect', peer.pid], ...weir.pidsOf('kafka', 'postgres')]);
  let filled = 0;
  return {
    name: 'redpanda-connect',
    async run() {
      const startMs = Date.now();
      const fill = (): Promise<void> => weir.write({ count: records, from: filled, startMs, into: topic });
      const run = await drained({ processes: [peer], pids, records, fill, done: () => weir.committedBy(groupId) });
      filled += records;
      const samples = await peerSamples(weir);
      if (samples !== filled) throw new Error(`${filled} were written, and there are ${samples} samples`);
      return run;
    },
    close: () => peer.end(),
  };
}

export interface Draining {
  readonly processes: readonly { freeze(): void; thaw(): void }[];
  readonly pids: ReadonlyMap<string, number>;
  readonly records: number;
  readonly fill: () => Promise<void>;
  /** How many records were ever done with. */
  readonly done: () => Promise<number>;
}

/** The processes stand still while `fill` puts the records there, for less than their session, so that they begin warm and all at once. */
export async function drained({ processes, pids, records, fill, done }: Draining): Promise<Run> {
  const before = await done();
  for (const each of processes) each.freeze();
  try {
    await fill();
  } finally {
    for (const each of processes) each.thaw();
  }
  const meter = new UseMeter(pids);
  const began = performance.now();
  await eventually(done, (now) => now >= before + records, { timeoutMs: PATIENCE_MS, intervalMs: LOOK_EVERY_MS });
  return { count: records, seconds: (performance.now() - began) / 1_000, use: meter.read() };
}
