import { eventually, uniqueName } from '@weir/testing';
import { metricsRaw } from '@weir/topics';

import { wrk } from '../load/wrk.js';
import { UseMeter } from '../measure/process-use.js';
import { PEER_TABLES, RedpandaConnect } from '../peers/redpanda-connect.js';
import { type ClosingContender, type Contender, closed, type Run, type Stage } from '../stage.js';
import { BenchSystem } from '../system.js';

const CONNECTIONS = 64;
const BATCH = 100;
const PATIENCE_MS = 300_000;

/** Both halves at once: what counts is what is stored, and the time until the last of it is. */
export const stored: Stage = {
  name: 'stored',
  unit: 'metrics',
  about:
    'POST of 100 metrics by 64 connections, acknowledged and stored at once, from the first request until the last sample is stored.',
  target: null,
  peerTarget: 2.5,
  async open({ seconds, peers }) {
    const weir = await BenchSystem.start();
    const peer = peers ? [await storingPeer(weir, seconds)] : [];
    return { contenders: [storing(weir, seconds), ...peer], close: () => closed(peer, weir) };
  },
};

function storing(weir: BenchSystem, seconds: number): Contender {
  const { ingest, tenant } = weir.running;
  return {
    name: 'weir',
    async run(): Promise<Run> {
      const before = await weir.settled();
      const meter = new UseMeter(weir.pids);
      const began = performance.now();
      const url = `${ingest.url}/api/v1/metrics`;
      const posted = await wrk({ url, apiKey: tenant.apiKey, connections: CONNECTIONS, batch: BATCH, seconds });
      await weir.quiet();
      const written = await weir.recordsIn(metricsRaw);
      const after = await eventually(
        () => weir.settled(),
        (now) => now.stored + now.deadLettered >= written,
        { timeoutMs: PATIENCE_MS, intervalMs: 20 },
      );
      const took = (performance.now() - began) / 1_000;
      const use = meter.read();
      const samples = await weir.samples();
      if (
        !after.balanced ||
        after.stored !== written ||
        samples !== written ||
        posted.answers * BATCH > written - before.stored
      )
        throw new Error(
          `${posted.answers * BATCH} were acknowledged, ${written - before.stored} written, ${after.stored} stored in all, as ${samples} samples`,
        );
      return { count: after.stored - before.stored, seconds: took, latencyMs: posted.latencyMs, use };
    },
  };
}

/** Redpanda Connect with both its halves, as processes of their own. */
async function storingPeer(weir: BenchSystem, seconds: number): Promise<ClosingContender> {
  const [topic, groupId] = [await weir.createTopic(), uniqueName('bench')];
  const { tenant, databaseUrl } = weir.running;
  const settled = (): Promise<number> => weir.committedBy(groupId);
  await weir.running.sql(PEER_TABLES);
  const ingest = await RedpandaConnect.ingesting(topic, tenant.id, true);
  const drain = await RedpandaConnect.draining(topic, groupId, databaseUrl);
  const pids = new Map([
    ['ingesting', ingest.pid],
    ['draining', drain.pid],
    ...['kafka', 'postgres'].map((name): [string, number] => [name, weir.pids.get(name) ?? 0]),
  ]);
  return {
    name: 'redpanda-connect',
    async run(): Promise<Run> {
      const before = await settled();
      const meter = new UseMeter(pids);
      const began = performance.now();
      const load = { url: ingest.url, apiKey: tenant.apiKey, connections: CONNECTIONS, batch: BATCH, seconds };
      const posted = await wrk(load);
      const written = await weir.recordsAtRest(topic);
      const after = await eventually(settled, (now) => now >= written, { timeoutMs: PATIENCE_MS, intervalMs: 20 });
      const took = (performance.now() - began) / 1_000;
      const use = meter.read();
      const [row] = await weir.running.sql<{ count: string }>('SELECT count(*) FROM peer_samples');
      if (Number(row?.count) !== after || posted.answers * BATCH > after - before)
        throw new Error(`${posted.answers * BATCH} were acknowledged, ${after - before} read; there are ${row?.count}`);
      return { count: after - before, seconds: took, latencyMs: posted.latencyMs, use };
    },
    close: async () => {
      await ingest.end();
      await drain.end();
    },
  };
}
