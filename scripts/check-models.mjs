/**
 * `npm run models`: Spin explores the models in docs/models. What should hold must hold in every order of events, and each model from which a
 * rule was taken away must break as foretold: a model that cannot fail says nothing.
 *
 * `-- --all` explores the large configurations too; `-- --trace <name>` prints how a broken one breaks, step by step.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { availableParallelism, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';

import { runMain, SetupError } from './console.mjs';
import { repository } from './places.mjs';
import { ensureModelChecker } from './system-packages.mjs';

/**
 * @typedef {object} Configuration
 * @property {string} name
 * @property {string} switches what is given to Spin
 * @property {string} [breaks] what the counterexample must be one of; without it all must hold
 * @property {boolean} [endless] looks for runs without an end instead of assertions
 * @property {boolean} [large] only with --all
 *
 * @typedef {{ states: string, seconds: string, found: string | null, complete: boolean }} Exploration
 */

const run = promisify(execFile);
const models = join(repository, 'docs/models');
const TIMEOUT_MS = 15 * 60_000;
const MEMORY_MB = 2_000;
const BRIEF = { cwd: '', timeout: TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 };

await runMain(async () => {
  const { all = false, trace } = parseArgs({
    options: { all: { type: 'boolean' }, trace: { type: 'string' } },
  }).values;
  const missing = await ensureModelChecker({ onLine: (text) => console.log(text) });
  if (missing !== null) {
    console.log(`The models were not explored. ${missing}`);
    return 0;
  }
  setPriority(10); // a check, and no reason to slow down what else runs
  const names = (await readdir(models, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const found = await Promise.all(
    names.map(async ({ name }) => ({ model: name, configurations: await configurationsOf(name) })),
  );
  if (trace !== undefined) return await printTrace(found, trace);
  const failures = [];
  for (const { model, configurations } of found)
    failures.push(...(await checkAll(model, all ? configurations : configurations.filter((c) => !c.large))));
  if (failures.length > 0) console.error(`\nNot as foretold: ${failures.join('; ')}`);
  return failures.length === 0 ? 0 : 1;
});

/** @param {string} model @returns {Promise<Configuration[]>} */
async function configurationsOf(model) {
  return JSON.parse(await readFile(join(models, model, 'configurations.json'), 'utf8'));
}

/** @param {string} model @param {Configuration[]} configurations @returns {Promise<string[]>} names of those that came out wrong */
async function checkAll(model, configurations) {
  const waiting = [...configurations];
  /** @type {string[]} */
  const failures = [];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const configuration = next;
      const exploration = await inFolder((cwd) => explore(model, configuration, cwd));
      const right = isAsForetold(configuration, exploration);
      if (!right) failures.push(configuration.name);
      console.log(line(configuration, exploration, right));
    }
  };
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, worker));
  return failures;
}

/**
 * @param {string} model
 * @param {Configuration} configuration
 * @param {string} cwd where the verifier is made, and the trail of a counterexample
 * @param {boolean} [shortest] goes on to the shortest counterexample
 * @returns {Promise<Exploration>}
 */
async function explore(model, { switches, breaks, endless = false, large = false }, cwd, shortest = false) {
  const options = { ...BRIEF, cwd };
  await run('spin', [...switches.split(' '), '-a', join(models, model, `${model}.pml`)], options);
  const how = [endless ? '-DNP' : '-DSAFETY', ...(large ? ['-DCOLLAPSE'] : []), ...(shortest ? ['-DREACH'] : [])];
  // To compile takes longer than to find what is broken.
  const effort = breaks === undefined ? '-O1' : '-O0';
  await run('gcc', [effort, '-w', ...how, `-DMEMLIM=${MEMORY_MB}`, '-o', 'pan', 'pan.c'], options);
  const search = [...(endless ? ['-l'] : []), ...(shortest ? ['-i'] : []), '-m100000', large ? '-w26' : '-w22'];
  const { stdout } = await run('./pan', search, options);
  return {
    states: /([\d.e+]+) states, stored/u.exec(stdout)?.[1] ?? '?',
    seconds: /elapsed time ([\d.]+)/u.exec(stdout)?.[1] ?? '?',
    found: foundIn(stdout),
    complete: !/Search not completed|max search depth too small|out of memory/u.test(stdout),
  };
}

/** @param {string} said by Spin's verifier @returns {string | null} null: nothing breaks */
function foundIn(said) {
  if (/^pan:\d+: non-progress cycle/mu.test(said)) return 'endless';
  if (/^pan:\d+: invalid end state/mu.test(said)) return 'stuck';
  const assertion = /^pan:\d+: assertion violated .*?([a-z_]+)\) \(at depth/mu.exec(said)?.[1];
  if (assertion !== undefined) return assertion;
  return /errors: 0$/mu.test(said) ? null : 'something else';
}

/** @param {Configuration} configuration @param {Exploration} exploration */
function isAsForetold({ breaks }, { found, complete }) {
  return breaks === undefined ? found === null && complete : found === breaks;
}

/** @param {Configuration} configuration @param {Exploration} exploration @param {boolean} right */
function line({ name, breaks }, { states, seconds, found, complete }, right) {
  const result = found ?? (complete ? 'holds' : 'not finished');
  const verdict = right ? result : `WRONG: ${result} instead of ${breaks ?? 'holds'}`;
  return `${name.padEnd(72)} ${states.padStart(9)} states ${seconds.padStart(6)} s  ${verdict}`;
}

/** @param {{ model: string, configurations: Configuration[] }[]} all @param {string} name */
async function printTrace(all, name) {
  const candidates = all.flatMap(({ model, configurations }) => configurations.map((each) => ({ model, each })));
  const chosen = candidates.find(({ each }) => each.name === name);
  if (chosen === undefined)
    throw new SetupError(`--trace takes one of:\n${candidates.map(({ each }) => `  ${each.name}`).join('\n')}`);
  const { model, each: configuration } = chosen;
  await inFolder(async (cwd) => {
    const { found } = await explore(model, configuration, cwd, true);
    if (found === null) throw new SetupError(`${name}: nothing breaks, so there is nothing to show`);
    const file = join(models, model, `${model}.pml`);
    const replay = [...configuration.switches.split(' '), '-k', join(cwd, `${model}.pml.trail`), '-p', '-g', '-l'];
    const { stdout } = await run('spin', [...replay, file], { ...BRIEF, cwd });
    const lines = stdout.replaceAll(`${join(models, model)}/`, '').split('\n');
    console.log(lines.map((text) => text.slice(0, 160)).join('\n'));
  });
  return 0;
}

/** @template T @param {(folder: string) => Promise<T>} work @returns {Promise<T>} */
async function inFolder(work) {
  const folder = await mkdtemp(join(tmpdir(), 'weir-models-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
