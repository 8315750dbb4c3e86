/**
 * Runs the stack from its start to its end, in the process that owns it: engines, apps, demo, host agent.
 */
import {
  ensureStackDatabase,
  forgetPostgres,
  portOffset,
  Reaper,
  removeStackFile,
  StackHome,
  StackLock,
  stackPorts,
  startEngines,
  Supervisor,
  writeStackFile,
} from '@weir/local-stack';

import { startApps } from './app-stack.mjs';
import { stackDirectory } from './places.mjs';
import { StopRequest } from './stop-request.mjs';
import { startWatching } from './watching.mjs';

/** @typedef {(line: string) => void} Say */

/**
 * @param {import('./options.mjs').StackOptions} options
 * @param {Say} say
 * @param {() => void} [onReady]
 * @returns {Promise<number>} exit code: 0 where it was asked to stop
 */
export async function supervise(options, say, onReady) {
  const home = new StackHome(stackDirectory);
  home.prepare();
  const lock = StackLock.acquire(home);
  const reaper = new Reaper();
  const stop = new StopRequest(say);
  const update = { now: () => lock.record(supervisor.processes()) };
  const supervisor = new Supervisor({ reaper, onLine: say, onChange: () => update.now() });
  stop.onRepeat = () => supervisor.kill();
  try {
    if (options.fresh) forget(home, say);
    const stack = await Promise.race([
      start({ home, reaper, supervisor, options, say, signal: stop.signal }),
      stop.asked,
    ]);
    if (stack === null) return 0;
    update.now = () => {
      lock.record(supervisor.processes());
      stack.write();
    };
    update.now();
    stack.describe();
    onReady?.();
    const failure = await Promise.race([supervisor.gaveUp, stop.asked]);
    if (failure === null) return 0;
    say(`\nThe stack ends: ${failure.message}`);
    return 1;
  } finally {
    update.now = () => undefined;
    say('Stopping');
    await supervisor.stop();
    removeStackFile(home);
    lock.release();
    await reaper.close();
    say('Stopped');
  }
}

/** @param {StackHome} home @param {Say} say */
function forget(home, say) {
  say(`Forgetting the data in ${home.directory}`);
  forgetPostgres(home);
  home.forget();
  home.prepare();
}

/**
 * @param {{ home: StackHome, reaper: Reaper, supervisor: Supervisor, options: import('./options.mjs').StackOptions, say: Say, signal: AbortSignal }} parts
 * @returns {Promise<{ write(): void, describe(): void }>}
 */
async function start({ home, reaper, supervisor, options, say, signal }) {
  const offset = portOffset(process.env['WEIR_PORT_OFFSET']);
  const ports = stackPorts(offset, options.brokers, options);
  home.prepare();
  const engines = await startEngines({ home, ports, reaper, supervisor, signal, onLine: say });
  const database = await ensureStackDatabase(home, ports.postgres);
  signal.throwIfAborted();
  const running = options.apps ? await startApps({ home, offset, engines, database, supervisor, say, signal }) : null;
  const watching = options.prometheus ? await startWatching({ home, offset, reaper, supervisor, say, signal }) : null;
  const instructions = [...(running?.instructions ?? []), ...(watching?.instructions ?? [])];
  return {
    write: () => writeStackFile(home, stackFile(supervisor, engines, running, watching)),
    describe: () => say([`\nReady. ${home.stackFile} names what runs.`, ...instructions].join('\n')),
  };
}

/**
 * @param {Supervisor} supervisor
 * @param {import('@weir/local-stack').EngineAddresses} engines
 * @param {import('./app-stack.mjs').RunningApps | null} running
 * @param {import('./watching.mjs').Watching | null} watching
 * @returns {import('@weir/local-stack').StackFile}
 */
function stackFile(supervisor, engines, running, watching) {
  const pid = (/** @type {string} */ name) => supervisor.pid(name) ?? 0;
  const brokers = supervisor.processes().filter(({ name }) => name === 'kafka' || name.startsWith('kafka-'));
  return {
    apps: Object.fromEntries((running?.apps ?? []).map(({ name, url }) => [name, { url, pid: pid(name) }])),
    engines: {
      kafka: { ...engines.kafka, pids: brokers.map((broker) => broker.pid) },
      schemaRegistry: { ...engines.schemaRegistry, pid: pid('schema-registry') },
      postgres: { ...engines.postgres, pid: pid('postgres') },
      redis: { url: engines.redis?.url ?? '', pid: pid('redis') },
      ...(watching !== null && {
        prometheus: { url: watching.prometheusUrl, pid: pid('prometheus') },
        alertmanager: { url: watching.alertmanagerUrl, pid: pid('alertmanager') },
      }),
    },
    demo: running?.demo ?? null,
  };
}
