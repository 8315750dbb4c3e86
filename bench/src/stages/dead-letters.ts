import { eventually } from '@weir/testing';
import { metricsDlq } from '@weir/topics';

import { copyLimit, producerLimit } from '../limits/contenders.js';
import { UseMeter } from '../measure/process-use.js';
import { type BenchRecovery, recoveryAsDeployed } from '../recovery.js';
import { type Contender, closed, type Run, type Stage } from '../stage.js';
import { LOOK_EVERY_MS, PATIENCE_MS } from '../system.js';
import { drained } from './drain.js';

/** As large and as quick as they may be. */
const REPLAY = { rate: 10_000, chunkRecords: 500 };

/** Dead letters that wait in Kafka become rows that operators find. */
export const dlqIndex: Stage = {
  name: 'dlq-index',
  unit: 'dead letters',
  about:
    'Dead letters that wait in metrics.dlq are read into the index, with their groups and counts; the limit is COPY of ready rows on one connection into a table like the index with its primary key alone.',
  target: null,
  wantedPerSecond: 30_000,
  peerTarget: null,
  async open(extent, shared) {
    const recovery = await shared.of(recoveryAsDeployed, extent);
    const letters = extent.records / 4;
    const limit = await copyLimit(recovery.weir, letters, 'copy-letters');
    return { contenders: [limit, indexing(recovery, letters)], close: () => closed([limit]) };
  },
};

/** Dead letters go back to where they came from. */
export const replay: Stage = {
  name: 'replay',
  unit: 'records',
  about:
    'A replay that has begun publishes the records of dead letters in transactions, until admin-service has the answer to each; the limit is librdkafka’s producer from Node with encoded metrics, without transactions.',
  target: null,
  wantedPerSecond: 20_000,
  peerTarget: null,
  async open(extent, shared) {
    const recovery = await shared.of(recoveryAsDeployed, extent);
    const limit = await producerLimit(recovery.weir, extent.seconds / 2);
    return { contenders: [limit, replaying(recovery, extent.records / 10)], close: () => closed([limit]) };
  },
};

function indexing(recovery: BenchRecovery, letters: number): Contender {
  return {
    name: 'weir',
    async run() {
      const run = await drained({
        processes: [recovery.admin],
        pids: recovery.pids,
        records: letters,
        fill: () => recovery.writeLetters(letters, 'tenant-1'),
        done: () => recovery.projected(),
      });
      const [written, indexed] = [await recovery.weir.recordsIn(metricsDlq), await recovery.indexed()];
      if (indexed.letters !== written || indexed.counted !== written)
        throw new Error(
          `${written} were written, ${indexed.letters} are in the index, ${indexed.counted} in its groups`,
        );
      return run;
    },
  };
}

/** metrics-consumer stands still while the records are published, and stores them afterwards. */
function replaying(recovery: BenchRecovery, records: number): Contender {
  const { consumer } = recovery.weir.running;
  let tenants = 0;
  return {
    name: 'weir',
    async run() {
      tenants += 1;
      const tenant = `replayed-${tenants}`;
      await recovery.writeLetters(records, tenant);
      await recovery.allIndexed();
      const stored = await recovery.weir.samples();
      consumer.freeze();
      let [id, run]: [string, Run | null] = ['', null];
      try {
        id = await recovery.beginReplay(tenant, REPLAY);
        run = await answered(recovery, id, records);
      } finally {
        consumer.thaw();
      }
      const { applied, ...others } = await recovery.completed(id);
      const [published, samples] = [await recovery.published(id), (await recovery.weir.samples()) - stored];
      if (applied !== records || published !== records || samples !== records)
        throw new Error(
          `${records} were asked for, ${published} published, ${applied} applied, as ${samples} samples; others: ${JSON.stringify(others)}`,
        );
      return run;
    },
  };
}

async function answered(recovery: BenchRecovery, id: string, records: number): Promise<Run> {
  const meter = new UseMeter(recovery.pids);
  const began = performance.now();
  await eventually(
    () => recovery.answered(id),
    (now) => now >= records,
    { timeoutMs: PATIENCE_MS, intervalMs: LOOK_EVERY_MS },
  );
  return { count: records, seconds: (performance.now() - began) / 1_000, use: meter.read() };
}
