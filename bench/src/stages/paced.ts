import { Agent } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

import { eventually } from '@weir/testing';

import { paced, post } from '../load/open-loop.js';
import { wrk } from '../load/wrk.js';
import { UseMeter } from '../measure/process-use.js';
import { percentilesOf } from '../measure/ratios.js';
import { sampleAt } from '../samples.js';
import type { Contender, Run, Stage } from '../stage.js';
import { type BenchSystem, weirAsDeployed } from '../system.js';

const CONNECTIONS = 64;
const BATCH = 100;
const PROBE_EVERY_MS = 100;
const PROBE = 'bench_freshness_probe';

/** What a client waits for at a share of what Weir can take and store at once: for its answer, and until it can read what it sent. */
export function pacedIngest(percent: number): Stage {
  return {
    name: `paced-${percent}`,
    unit: 'metrics',
    about: `POST of 100 metrics at ${percent}% of what is taken and stored at once, each when it is due (an open loop); ten times a second one more, which is asked for until it can be read.`,
    target: null,
    ...(percent === 50 && { wantedMs: { latency: { p99: 25 }, freshness: { p50: 40, p99: 200 } } }),
    peerTarget: null,
    async open(extent, shared) {
      const { seconds } = extent;
      const load = Load.of(await shared.of(weirAsDeployed, extent));
      const perSecond = ((await load.peak(seconds)) * percent) / 100;
      return { contenders: [load.at(perSecond, seconds)], close: () => Promise.resolve() };
    },
  };
}

class Load {
  private static readonly ofSystem = new WeakMap<BenchSystem, Load>();
  private sent = 0;
  private readonly startMs = Date.now() - 3_600_000; // an hour before what wrk sends
  private most: Promise<number> | null = null;

  private constructor(private readonly weir: BenchSystem) {}

  /** One for all shares, so that each sends other samples. */
  static of(weir: BenchSystem): Load {
    const load = Load.ofSystem.get(weir) ?? new Load(weir);
    Load.ofSystem.set(weir, load);
    return load;
  }

  private get ingestUrl(): string {
    return `${this.weir.running.ingest.url}/api/v1/metrics`;
  }

  /** Samples a second that are taken and stored at once: measured where it was not yet, after a run that warms up. */
  peak(seconds: number): Promise<number> {
    this.most ??= this.storedAtOnce(seconds).then(() => this.storedAtOnce(seconds));
    return this.most;
  }

  private async storedAtOnce(seconds: number): Promise<number> {
    const before = await this.weir.allStored();
    const began = performance.now();
    const { apiKey } = this.weir.running.tenant;
    await wrk({ url: this.ingestUrl, apiKeys: [apiKey], connections: CONNECTIONS, batch: BATCH, seconds });
    await this.weir.quiet();
    return ((await this.weir.allStored()) - before) / ((performance.now() - began) / 1_000);
  }

  at(perSecond: number, seconds: number): Contender {
    return {
      name: 'weir',
      run: async (): Promise<Run> => {
        const requests = Math.round((perSecond / BATCH) * seconds);
        // Ahead, since they are made on the cores on which Weir runs.
        const bodies = Array.from({ length: requests }, () => this.body());
        const before = await this.weir.allStored();
        const meter = new UseMeter(this.weir.pids);
        const began = performance.now();
        const probing = this.probe(seconds);
        const latencyMs = await paced({
          url: this.ingestUrl,
          apiKey: this.weir.running.tenant.apiKey,
          requestsPerSecond: perSecond / BATCH,
          seconds,
          bodyOf: (n) => bodies[n] ?? '',
        });
        const took = (performance.now() - began) / 1_000;
        const fresh = await probing;
        const use = meter.read();
        const stored = (await this.weir.allStored()) - before;
        if (stored !== requests * BATCH + fresh.length)
          throw new Error(`${requests * BATCH + fresh.length} were acknowledged, and ${stored} stored`);
        return { count: stored, seconds: took, latencyMs, freshnessMs: percentilesOf(fresh), use };
      },
    };
  }

  private body(): string {
    const from = this.sent;
    this.sent += BATCH;
    return JSON.stringify(Array.from({ length: BATCH }, (_, n) => sampleAt(from + n, this.startMs)));
  }

  /** From when a sample is sent until it can be read, for each of those that were sent in so many seconds. Milliseconds. */
  private async probe(seconds: number): Promise<number[]> {
    const { tenant, query } = this.weir.running;
    const agent = new Agent({ keepAlive: true, noDelay: true });
    const times: number[] = [];
    const ends = performance.now() + seconds * 1_000;
    try {
      while (performance.now() < ends) {
        const timestamp = Date.now();
        const began = performance.now();
        await post(this.ingestUrl, tenant.apiKey, JSON.stringify({ name: PROBE, value: 1, timestamp }), agent);
        const url = `${query.url}/api/v1/metrics?name=${PROBE}&from=${timestamp}&to=${timestamp + 1}&limit=1`;
        await eventually(
          async () => {
            const answer = await fetch(url, { headers: { 'x-api-key': tenant.apiKey } });
            return ((await answer.json()) as { points: unknown[] }).points.length;
          },
          (points) => points === 1,
          { timeoutMs: 30_000, intervalMs: 2 },
        );
        times.push(performance.now() - began);
        await wait(Math.max(1, PROBE_EVERY_MS - (performance.now() - began)));
      }
      return times;
    } finally {
      agent.destroy();
    }
  }
}
