import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

import type { AppProcess } from '../../support/process.js';
import type { Environment, System } from '../../support/system.js';
import type { Load } from './load.js';
import { metricOf } from './metrics.js';
import { loadOn } from './scenario.js';

const MEGABYTE = 1_000_000;
const MAX_IN_FLIGHT_BYTES = 2 * MEGABYTE;
const INTERVAL_MS = 200;

/** ingest-api with a bound so low that a few clients reach it. */
export const LITTLE_MEMORY: Environment = {
  INGEST_MAX_IN_FLIGHT_BYTES: String(MAX_IN_FLIGHT_BYTES),
  INGEST_QUEUE_BYTES: String(MAX_IN_FLIGHT_BYTES),
  INGEST_QUEUE_RECORDS: '10000',
  INGEST_MAX_SAMPLES: '500',
  INGEST_MAX_BODY_BYTES: '200000',
  INGEST_MAX_DECOMPRESSED_BYTES: '200000',
};

/** More than that: 16 requests of 500 samples, of which each takes more than 400 bytes until it is acknowledged. */
const FLOOD = { clients: 16, batchSize: 500, pauseMs: 250 };
/** Beside what is in flight there is what is not collected yet. */
const MAX_GROWN_BYTES = 300 * MEGABYTE;

/** How far a process went beyond its bound. */
export interface Beyond {
  readonly inFlightBytes: number;
  readonly residentBytes: number;
}

export const NOTHING_BEYOND: Beyond = { inFlightBytes: 0, residentBytes: 0 };

/**
 * Posts more than an ingest-api with LITTLE_MEMORY may hold, for as long as `fails` takes. Answers the flood, which is to be held against the
 * promise too, and how far the process went beyond its bound.
 */
export async function floodWhile(system: System, fails: () => Promise<void>): Promise<{ flood: Load; beyond: Beyond }> {
  const memory = MemoryWatch.over(system.ingest);
  const flood = loadOn(system, FLOOD);
  await fails();
  await flood.stop();
  return { flood, beyond: await memory.end() };
}

/** Looks again and again at what an ingest-api holds, and keeps the most. */
class MemoryWatch {
  private readonly ending = new AbortController();
  private readonly before: number;
  private readonly watching: Promise<void>;
  private grownBytes = 0;
  private inFlightBytes = 0;

  private constructor(private readonly app: AppProcess) {
    this.before = residentBytes(app);
    this.watching = this.watch();
    this.watching.catch(() => this.ending.abort()); // `end` tells why
  }

  static over(app: AppProcess): MemoryWatch {
    return new MemoryWatch(app);
  }

  async end(): Promise<Beyond> {
    this.ending.abort();
    await this.watching;
    return {
      inFlightBytes: Math.max(0, this.inFlightBytes - MAX_IN_FLIGHT_BYTES),
      residentBytes: Math.max(0, this.grownBytes - MAX_GROWN_BYTES),
    };
  }

  private async watch(): Promise<void> {
    while (!this.ending.signal.aborted) {
      this.grownBytes = Math.max(this.grownBytes, residentBytes(this.app) - this.before);
      this.inFlightBytes = Math.max(this.inFlightBytes, await metricOf(this.app, 'weir_ingest_in_flight_bytes'));
      await wait(INTERVAL_MS);
    }
  }
}

/** What a process holds in memory now (proc(5), VmRSS). */
function residentBytes({ name, pid }: AppProcess): number {
  const line = /VmRSS:\s+(\d+) kB/u.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (line === null) throw new Error(`${name} does not run`);
  return Number(line[1]) * 1024;
}
