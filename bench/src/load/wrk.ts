import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { outputOf } from '../programs.js';
import { jsonOfSeries } from '../samples.js';

const SCRIPT = fileURLToPath(new URL('post.lua', import.meta.url));

export interface WrkOptions {
  readonly url: string;
  readonly apiKey: string;
  readonly connections: number;
  /** Samples in each request. */
  readonly batch: number;
  readonly seconds: number;
}

export interface WrkReport {
  readonly answers: number;
  readonly seconds: number;
  /** Of a closed loop: how long an answer took while each connection waited for its own before it asked again. */
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
}

let seriesFile: string | null = null;

/**
 * Posts as fast as answers come, by wrk (https://github.com/wg/wrk), which takes a fraction of what a generator in JavaScript would of
 * the same two cores. Rejects where an answer was none of success, or a connection broke.
 */
export async function wrk({ url, apiKey, connections, batch, seconds }: WrkOptions): Promise<WrkReport> {
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '30s', '-s', SCRIPT, url];
  seriesFile ??= writeSeries();
  const output = await outputOf('wrk', args, {
    BENCH_BATCH: String(batch),
    BENCH_START_MS: String(Date.now()),
    BENCH_SERIES: seriesFile,
    BENCH_API_KEY: apiKey,
  });
  const told = JSON.parse(output.trimEnd().split('\n').at(-1) ?? '') as Told;
  if (told.refused + told.broken > 0 || told.answers === 0)
    throw new Error(`${told.answers} answers, ${told.refused} of them refusals, ${told.broken} broken connections`);
  return {
    answers: told.answers,
    seconds: told.micros / 1e6,
    latencyMs: { p50: told.p50 / 1e3, p99: told.p99 / 1e3, max: told.max / 1e3 },
  };
}

/** The last line of post.lua. */
interface Told {
  readonly answers: number;
  readonly micros: number;
  readonly refused: number;
  readonly broken: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

function writeSeries(): string {
  const file = join(mkdtempSync(join(tmpdir(), 'weir-bench-')), 'series.txt');
  writeFileSync(file, jsonOfSeries().join('\n') + '\n');
  return file;
}
