import { eventually } from '@weir/testing';
import { metricsDlq } from '@weir/topics';

import { copyLimit, producerLimit } from '../limits/contenders.js';
import { UseMeter } from '../measure/process-use.js';
import { type Contender, closed, type Run, type Stage } from '../stage.js';
import { BenchSystem } from '../system.js';

const LOOK_EVERY_MS = 20;
const PATIENCE_MS = 300_000;

/** Records that wait in Kafka become rows of series and samples. */
export const drain: Stage = {
  name: 'drain',
  unit: 'records',
  about:
    'Records that wait in metrics.raw are decoded, validated and upserted into series and samples, with the ledger; the limit is binary COPY of ready bytes on one connection into a table without index.',
  target: 0.45,
  async open({ records }) {
    const weir = await BenchSystem.start();
    const limit = await copyLimit(weir, records);
    return { contenders: [limit, draining(weir, records)], close: () => closed(limit, weir) };
  },
};

/** Nothing of what waits in Kafka can be read. */
export const poison: Stage = {
  name: 'poison',
  unit: 'records',
  about:
    'Records that nobody can read become dead letters, acknowledged before the ledger counts them; the limit is librdkafka’s producer from Node with encoded metrics.',
  target: 0.5,
  async open({ seconds, records }) {
    const weir = await BenchSystem.start();
    const limit = await producerLimit(weir, seconds);
    return { contenders: [limit, poisoned(weir, records)], close: () => closed(limit, weir) };
  },
};

function draining(weir: BenchSystem, records: number): Contender {
  let filled = 0;
  return {
    name: 'weir',
    async run() {
      const startMs = Date.now();
      const before = await weir.settled();
      const run = await settleAll(weir, records, () => weir.fill(records, filled, startMs));
      filled += records;
      const after = await weir.settled();
      const samples = await weir.samples();
      if (!after.balanced || after.stored - before.stored !== records || samples !== filled)
        throw new Error(
          `${records} were written, ${after.stored - before.stored} stored; there are ${samples} samples, of ${filled}`,
        );
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

/** metrics-consumer stands still while `fill` puts the records there, for less than its session, so that it begins warm and all at once. */
async function settleAll(weir: BenchSystem, records: number, fill: () => Promise<void>): Promise<Run> {
  const settledSoFar = async (): Promise<number> => {
    const { stored, deadLettered } = await weir.settled();
    return stored + deadLettered;
  };
  const before = await settledSoFar();
  const { consumer } = weir.running;
  consumer.freeze();
  try {
    await fill();
  } finally {
    consumer.thaw();
  }
  const meter = new UseMeter(weir.pids);
  const began = performance.now();
  await eventually(settledSoFar, (now) => now >= before + records, {
    timeoutMs: PATIENCE_MS,
    intervalMs: LOOK_EVERY_MS,
  });
  return { count: records, seconds: (performance.now() - began) / 1_000, use: meter.read() };
}
