import { eventually } from '@weir/testing';
import { metricsRaw } from '@weir/topics';

import { wrk } from '../load/wrk.js';
import { UseMeter } from '../measure/process-use.js';
import type { Contender, Run, Stage } from '../stage.js';
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
  async open({ seconds }) {
    const weir = await BenchSystem.start();
    return { contenders: [storing(weir, seconds)], close: () => weir.stop() };
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
