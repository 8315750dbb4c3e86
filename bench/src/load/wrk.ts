import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import type { Percentiles } from '../measure/ratios.js';
import { outputOf } from '../programs.js';
import { jsonOfSeries, sampleAt, type SeriesSet } from '../samples.js';

const SCRIPT = fileURLToPath(new URL('post.lua', import.meta.url));

export interface WrkOptions {
  readonly url: string;
  /** They take turns, request by request. */
  readonly apiKeys: readonly string[];
  readonly connections: number;
  /** Samples in each request. */
  readonly batch: number;
  readonly seconds: number;
  /** Of each key. */
  readonly series?: SeriesSet;
  /** How many requests went before: where turns and samples go on; 0 unless given. */
  readonly firstRequest?: number;
  /** Bodies in gzip, of samples that repeat in each call: wrk cannot compress, so that they are made before. */
  readonly gzip?: boolean;
}

export interface WrkReport {
  readonly answers: number;
  readonly seconds: number;
  /** Of a closed loop: how long an answer took while each connection waited for its own before it asked again. */
  readonly latencyMs: Percentiles;
}

const GZIPPED_BODIES = 1_000;

let directory: string | null = null;
const written = new Map<string, string | Uint8Array>();
const gzippedFiles = new Map<number, string>();

/**
 * Posts as fast as answers come, by wrk (https://github.com/wg/wrk), which takes a fraction of what a generator in JavaScript would of
 * the same two cores. Rejects where an answer was none of success, or a connection broke.
 */
export async function wrk(options: WrkOptions): Promise<WrkReport> {
  const { url, apiKeys, connections, batch, seconds, series, firstRequest = 0, gzip = false } = options;
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '30s', '-s', SCRIPT, url];
  const output = await outputOf('wrk', args, {
    BENCH_BATCH: String(batch),
    BENCH_START_MS: String(Date.now()),
    BENCH_FIRST_REQUEST: String(firstRequest),
    BENCH_SERIES: fileOf('series', jsonOfSeries(series).join('\n')),
    BENCH_API_KEYS: fileOf('keys', apiKeys.join('\n')),
    ...(gzip && { BENCH_GZIPPED: gzippedFileOf(batch) }),
  });
  const told = JSON.parse(output.trimEnd().split('\n').at(-1) ?? '') as Told;
  if (told.refused + told.broken > 0 || told.answers === 0)
    throw new Error(`${told.answers} answers, ${told.refused} of them refusals, ${told.broken} broken connections`);
  return {
    answers: told.answers,
    seconds: told.micros / 1e6,
    latencyMs: { p50: told.p50 / 1e3, p95: told.p95 / 1e3, p99: told.p99 / 1e3 },
  };
}

/** The last line of post.lua; times in microseconds. */
interface Told extends Percentiles {
  readonly answers: number;
  readonly micros: number;
  readonly refused: number;
  readonly broken: number;
}

/** Is written anew only where it is another: somebody else may read it at the moment. */
function fileOf(name: string, content: string | Uint8Array): string {
  directory ??= mkdtempSync(join(tmpdir(), 'weir-bench-'));
  const file = join(directory, name);
  if (written.get(name) !== content) writeFileSync(file, content);
  written.set(name, content);
  return file;
}

/** Made once for each size of a batch. */
function gzippedFileOf(batch: number): string {
  const file = gzippedFiles.get(batch) ?? fileOf(`gzipped-${batch}`, gzippedBodies(batch));
  gzippedFiles.set(batch, file);
  return file;
}

/** No two of their samples are alike. Each body behind a line with its length, as post.lua reads them. */
function gzippedBodies(batch: number): Buffer {
  const startMs = Date.now();
  const bodies = Array.from({ length: GZIPPED_BODIES }, (_, at) => {
    const samples = Array.from({ length: batch }, (_sample, n) => sampleAt(at * batch + n, startMs));
    const body = gzipSync(JSON.stringify(samples));
    return [Buffer.from(`${body.length}\n`), body];
  });
  return Buffer.concat(bodies.flat());
}
