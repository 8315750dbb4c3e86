/**
 * Measures the stages of Weir against their limits, in turn and in the same run.
 *
 *   --full          longer runs, and every stage; without it the whole takes some six minutes
 *   --pairs 5       how often each contender runs
 *   --peers         Redpanda Connect beside Weir, built here by Go
 *   --profile DIR   CPU profiles of the apps, as Chrome's developer tools and speedscope read them, and a flame graph of each
 *   --set A=B       a variable of the apps that is other than usual, to compare settings; may be given more than once
 *   --list          what there is
 *   STAGE…          these alone
 *
 * Writes bench/results/<time>.json, and what is in it as a picture. Ends with 1 where a stage lost or invented anything.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

import { startTestEngines, stopTestEngines } from '@weir/testing/engines-of-run';

import { type BenchArguments, readArguments } from './arguments.js';
import { chartOf } from './chart.js';
import { flameGraphOf } from './flame.js';
import { textOf } from './report.js';
import { runStage, type StageResult } from './run.js';
import { Shared } from './shared.js';
import type { Stage } from './stage.js';
import { stages } from './stages/index.js';
import { setForApps } from './system.js';

const RESULTS = fileURLToPath(new URL('../results', import.meta.url));
const SMALL = { seconds: 2, records: 100_000, asked: { samples: 200_000, series: 1_000 } };
const FULL = { seconds: 20, records: 1_000_000, asked: { samples: 20_000_000, series: 10_000 } };

process.exitCode = await main();

async function main(): Promise<number> {
  const asked = readArguments(process.argv.slice(2), stages);
  if (typeof asked === 'string') {
    console.error(asked);
    return 2;
  }
  if (asked.list) {
    for (const { name, about, onRequest } of stages)
      console.log(`${name.padEnd(15)} ${about}${onRequest ? ' Where it is named, or with --full.' : ''}`);
    return 0;
  }
  if (asked.profiles !== null) process.env['WEIR_NODE_ARGUMENTS'] = `--cpu-prof --cpu-prof-dir=${asked.profiles}`;
  const before = asked.profiles === null ? [] : profilesIn(asked.profiles);
  setForApps(asked.settings);
  await startTestEngines((line) => console.log(line), { faults: true, durable: true });
  const results: StageResult[] = [];
  const shared = new Shared();
  let failed = 0;
  try {
    for (const stage of asked.stages) {
      console.log(`\n${stage.name}`);
      try {
        const result = await runStage(stage, {
          ...roundsOf(stage, asked),
          shared,
          onLine: (line) => console.log(line),
        });
        results.push(result);
        console.log(textOf(result));
      } catch (error) {
        failed += 1;
        console.error(`${stage.name} failed:`, error);
        await shared.stop(); // nobody knows what the failure left behind
      }
    }
  } finally {
    await shared.stop();
    await stopTestEngines();
  }
  await write(results, asked);
  if (asked.profiles !== null) await drawProfiles(asked.profiles, before);
  return failed === 0 ? 0 : 1;
}

function roundsOf({ onceForSeconds }: Stage, { full, pairs, peers }: BenchArguments) {
  const extent = { ...(full ? FULL : SMALL), peers };
  if (!full || onceForSeconds === undefined) return { pairs, warmUp: true, extent };
  return { pairs: 1, warmUp: false, extent: { ...extent, seconds: onceForSeconds } };
}

async function write(results: readonly StageResult[], { full, settings }: BenchArguments): Promise<void> {
  mkdirSync(RESULTS, { recursive: true });
  const at = new Date().toISOString();
  const file = `${RESULTS}/${at.slice(0, 19).replaceAll(/[:T]/gu, '-')}.json`;
  const machine = {
    cores: cpus().length,
    model: cpus()[0]?.model ?? '',
    memoryBytes: totalmem(),
    node: process.version,
  };
  const commit = execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
  writeFileSync(file, `${JSON.stringify({ at, commit, machine, full, settings, stages: results }, null, 2)}\n`);
  console.log(`Written to ${file}`);
  const chart = await chartOf(results);
  if (chart !== null) writeFileSync(file.replace(/json$/u, 'svg'), chart);
}

function profilesIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'));
}

/** Beside each profile that is new. The apps write them as they end. */
async function drawProfiles(folder: string, before: readonly string[]): Promise<void> {
  for (const name of profilesIn(folder).filter((each) => !before.includes(each))) {
    const graph = await flameGraphOf(`${folder}/${name}`);
    if (graph === null) continue;
    const file = `${folder}/${graph.app}-${name.replace(/cpuprofile$/u, 'svg')}`;
    writeFileSync(file, graph.svg);
    console.log(`Written to ${file}`);
  }
}
