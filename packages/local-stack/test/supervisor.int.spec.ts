import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { Reaper, Supervisor, type Service } from '../src/index.js';

import { isAlive, until } from './support/processes.js';

const QUICK = { maxDeaths: 5, windowMs: 60_000, firstBackoffMs: 10 };

describe('Supervisor', () => {
  let directory: string;
  let reaper: Reaper;
  let lines: string[];
  let supervisor: Supervisor;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'weir-supervisor-'));
    reaper = new Reaper();
    reaper.remove(directory);
    lines = [];
    supervisor = new Supervisor({ reaper, restart: QUICK, onLine: (line) => lines.push(line) });
  });

  afterEach(async () => {
    await supervisor.stop();
    await reaper.close();
  });

  /** A process that runs `program` after it has said that it is ready. */
  function service(
    name: string,
    program: string,
    { stopTimeoutMs = 30_000, ...overrides }: Partial<Service> & { readonly stopTimeoutMs?: number } = {},
  ): Service {
    const logFile = join(directory, `${name}.log`);
    return {
      name,
      title: name,
      address: null,
      ports: [],
      logFile,
      readyTimeoutMs: 60_000,
      command: () => ({ file: process.execPath, args: ['-e', program], stopTimeoutMs }),
      probe: () =>
        readFileSync(logFile, 'utf8').includes('ready') ? Promise.resolve() : Promise.reject(new Error('not yet')),
      ...overrides,
    };
  }

  const steady = `console.log('ready'); setInterval(() => {}, 1000);`;

  it('starts a service that died again, with one line about it', async () => {
    await supervisor.start([service('steady', steady)]);
    const first = supervisor.pid('steady') ?? 0;
    process.kill(first, 'SIGKILL');

    await until(() => lines.some((line) => line.includes('is ready again')));
    expect(
      lines.filter((line) => line.startsWith('steady died (killed by SIGKILL); it is started again')),
    ).toHaveLength(1);
    expect(supervisor.pid('steady')).not.toBe(first);
    expect(supervisor.processes()).toEqual([{ name: 'steady', pid: supervisor.pid('steady') }]);
  });

  it('gives up a service that dies five times within a minute, and says what it said last', async () => {
    const end = join(directory, 'end'); // once it was seen ready
    await supervisor.start([
      service(
        'weak',
        `console.log('ready'); console.error('Error: out of luck');
         setInterval(() => { if (require('node:fs').existsSync('${end}')) process.exit(3); }, 10);`,
      ),
    ]);
    writeFileSync(end, '');
    const error = await supervisor.gaveUp;
    expect(error.message).toContain('weak: died (exit code 3), 5 times within 60 s');
    expect(error.message).toContain('Error: out of luck');
    expect(error.message).toContain(join(directory, 'weak.log'));
    expect(lines.filter((line) => line.startsWith('weak died'))).toHaveLength(4);
    expect(supervisor.processes()).toEqual([]);
  });

  it('says which service did not come up, why, and where its log is; and leaves nothing running', async () => {
    const broken = service('broken', `console.log('starting'); console.error('FATAL: no disk left'); process.exit(1);`);
    const started = supervisor.start([service('steady', steady), broken]);
    await expect(started).rejects.toThrow(
      /^broken: ended before it was ready \(exit code 1\)\n.*no disk left\n.*broken\.log$/u,
    );
    await supervisor.stop();
    expect(supervisor.processes()).toEqual([]);
  });

  it('says what keeps a service from being ready where that takes too long', async () => {
    const slow = service('slow', 'setInterval(() => {}, 1000);', {
      readyTimeoutMs: 300,
      probe: () => Promise.reject(new Error('/health/ready answers 503')),
    });
    await expect(supervisor.start([slow])).rejects.toThrow(
      /^slow: was not ready within 0.3 s: \/health\/ready answers 503/u,
    );
    expect(supervisor.pid('slow')).toBeUndefined();
  });

  it('stops the last started first, and kills what does not stop when asked', async () => {
    const order = join(directory, 'order');
    writeFileSync(order, '');
    const recorder = (name: string): Service =>
      service(
        name,
        `process.on('SIGTERM', () => { require('node:fs').appendFileSync('${order}', '${name} '); process.exit(); }); ${steady}`,
      );
    await supervisor.start([recorder('engine')]);
    await supervisor.start([
      recorder('app'),
      service('deaf', `process.on('SIGTERM', () => {}); ${steady}`, { stopTimeoutMs: 300 }),
    ]);
    const deaf = supervisor.pid('deaf') ?? 0;

    await supervisor.stop();
    expect(readFileSync(order, 'utf8')).toBe('app engine ');
    expect(isAlive(deaf)).toBe(false);
  });
});
