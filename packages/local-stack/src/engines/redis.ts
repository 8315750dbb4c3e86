import { chmodSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

import { cachedDirectory, userCache } from '../cache.js';
import { StackSetupError } from '../errors.js';
import type { StackHome } from '../home.js';
import { HOST } from '../ports.js';
import type { Reaper } from '../reaper.js';
import { runCommand } from '../run-command.js';
import type { Service } from '../service.js';

const ARTIFACT = 'com.github.codemonstur:embedded-redis:1.4.3';

interface RedisSetup {
  readonly home: StackHome;
  readonly port: number;
  readonly reaper: Reaper;
}

/** Redis 6.2, from an artifact of Maven's that holds its binaries. It keeps nothing on disk. */
export function redisService({ home, port, reaper }: RedisSetup): Service {
  let program = '';
  return {
    name: 'redis',
    title: 'Redis 6.2',
    address: `${HOST}:${port}`,
    ports: [port],
    logFile: home.log('redis'),
    readyTimeoutMs: 20_000,
    prepare: async (signal) => {
      program = await redisProgram({ reaper, signal, logFile: home.log('maven') });
    },
    command: () => ({
      file: program,
      args: ['--port', String(port), '--bind', HOST, '--save', '', '--appendonly', 'no'],
      cwd: home.directory,
      stopTimeoutMs: 5_000,
    }),
    probe: () => probeRedis(port),
  };
}

export const redisUrl = (port: number): string => `redis://${HOST}:${port}`;

interface FetchOptions {
  readonly reaper: Reaper;
  readonly signal: AbortSignal;
  readonly logFile: string;
}

/** Fetches it once for all clones of this user. */
async function redisProgram(run: FetchOptions): Promise<string> {
  const directory = await cachedDirectory(userCache(), `redis-${ARTIFACT.split(':').at(-1)}`, async (draft) => {
    const unpack = [
      '-B',
      'dependency:unpack',
      `-Dartifact=${ARTIFACT}`,
      `-DoutputDirectory=${draft}`,
      '-Dmdep.unpack.includes=redis-server-*',
    ];
    const command = { file: 'mvn', args: unpack, cwd: draft };
    await runCommand({ service: 'redis', purpose: 'fetch Redis through Maven', command, ...run });
  });
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const name = readdirSync(directory).find((file) => file.endsWith(`-${process.platform}-${architecture}`));
  if (name === undefined)
    throw new StackSetupError(`There is no Redis for ${process.platform} on ${architecture} in ${ARTIFACT}.`);
  const program = join(directory, name);
  chmodSync(program, 0o755);
  return program;
}

/** Resolves where it answers PING. */
function probeRedis(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, HOST, () => socket.write('PING\r\n'));
    socket.setTimeout(2_000, () => socket.destroy(new Error('no answer')));
    socket.once('error', reject);
    socket.once('data', (answer) => {
      socket.destroy();
      if (answer.toString().startsWith('+PONG')) resolve();
      else reject(new Error(`it answered ${answer.toString()}`));
    });
  });
}
