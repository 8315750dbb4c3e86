import { eventually, uniqueName } from '@weir/testing';

import { wrk, type WrkOptions } from '../load/wrk.js';
import { UseMeter } from '../measure/process-use.js';
import { makePeerTables, peerSamples, RedpandaConnect } from '../peers/redpanda-connect.js';
import { type ClosingContender, type Contender, closed, type Run, type Stage } from '../stage.js';
import { type BenchSystem, LOOK_EVERY_MS, PATIENCE_MS, weirAsDeployed } from '../system.js';

const CONNECTIONS = 64;
const BATCH = 100;

/** As much again as they were sent for, and more: what is taken faster than it is stored has to be waited for. */
const patienceMs = ({ seconds }: Pick<WrkOptions, 'seconds'>): number => Math.max(PATIENCE_MS, 2_000 * seconds);

/** Both halves at once: what counts is what is stored, and the time until the last of it is. */
export const stored: Stage = {
  name: 'stored',
  unit: 'metrics',
  about:
    'POST of 100 metrics by 64 connections, acknowledged and stored at once, from the first request until the last sample is stored.',
  target: null,
  peerTarget: 2.5,
  onceForSeconds: 600,
  async open(extent, shared) {
    const weir = await shared.of(weirAsDeployed, extent);
    const load = { connections: CONNECTIONS, batch: BATCH, seconds: extent.seconds };
    const peer = extent.peers ? [await storingPeer(weir, load)] : [];
    return { contenders: [storing(weir, load), ...peer], close: () => closed(peer) };
  },
};

/** All tenants of a system send in turn, request by request. */
export function storing(weir: BenchSystem, load: Omit<WrkOptions, 'url' | 'apiKeys'>, name = 'weir'): Contender {
  const url = `${weir.running.ingest.url}/api/v1/metrics`;
  const apiKeys = weir.running.tenants.map(({ apiKey }) => apiKey);
  let firstRequest = 0;
  return {
    name,
    async run(): Promise<Run> {
      const before = await weir.allStored();
      const meter = new UseMeter(weir.pids);
      const began = performance.now();
      const posted = await wrk({ ...load, url, apiKeys, firstRequest });
      firstRequest += posted.answers;
      await weir.quiet();
      const count = (await weir.allStored(patienceMs(load))) - before;
      const took = (performance.now() - began) / 1_000;
      const use = meter.read();
      if (posted.answers * load.batch > count)
        throw new Error(`${posted.answers * load.batch} were acknowledged, and ${count} stored`);
      return { count, seconds: took, latencyMs: posted.latencyMs, use };
    },
  };
}

/** Redpanda Connect with both its halves, as processes of their own. */
async function storingPeer(weir: BenchSystem, load: Omit<WrkOptions, 'url' | 'apiKeys'>): Promise<ClosingContender> {
  const [topic, groupId] = [await weir.createTopic(), uniqueName('bench')];
  const { tenant, databaseUrl } = weir.running;
  const settled = (): Promise<number> => weir.committedBy(groupId);
  await makePeerTables(weir);
  const ingest = await RedpandaConnect.ingesting(topic, tenant.id, true);
  const drain = await RedpandaConnect.draining(topic, groupId, databaseUrl);
  const pids = new Map([['ingesting', ingest.pid], ['draining', drain.pid], ...weir.pidsOf('kafka', 'postgres')]);
  return {
    name: 'redpanda-connect',
    async run(): Promise<Run> {
      const before = await settled();
      const meter = new UseMeter(pids);
      const began = performance.now();
      const posted = await wrk({ ...load, url: ingest.url, apiKeys: [tenant.apiKey] });
      const written = await weir.recordsAtRest(topic);
      const after = await eventually(settled, (now) => now >= written, {
        timeoutMs: patienceMs(load),
        intervalMs: LOOK_EVERY_MS,
      });
      const took = (performance.now() - began) / 1_000;
      const use = meter.read();
      const samples = await peerSamples(weir);
      if (samples !== after || posted.answers * BATCH > after - before)
        throw new Error(`${posted.answers * BATCH} were acknowledged, ${after - before} read; there are ${samples}`);
      return { count: after - before, seconds: took, latencyMs: posted.latencyMs, use };
    },
    close: async () => {
      await ingest.end();
      await drain.end();
    },
  };
}
