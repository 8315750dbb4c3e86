import { join } from 'node:path';

import { userCache } from './cache.js';
import { HOST } from './ports.js';
import type { Service } from './service.js';

export interface NodeServiceOptions {
  readonly name: string;
  /** The file that Node runs. */
  readonly script: string;
  readonly cwd: string;
  readonly logFile: string;
  /** Where it serves HTTP; null where it serves nothing, and is ready once it runs. */
  readonly port: number | null;
  readonly environment: Readonly<Record<string, string>>;
}

/** An app as a service of the stack: ready once `GET /health/ready` answers 200. */
export function nodeService({ name, script, cwd, logFile, port, environment }: NodeServiceOptions): Service {
  const url = port === null ? null : `http://${HOST}:${port}`;
  return {
    name,
    title: name,
    address: url,
    ports: port === null ? [] : [port],
    logFile,
    readyTimeoutMs: 60_000,
    command: () => ({
      file: process.execPath,
      args: ['--enable-source-maps', script],
      cwd,
      env: {
        NODE_OPTIONS: undefined,
        NODE_COMPILE_CACHE: join(userCache(), 'node'),
        UV_THREADPOOL_SIZE: '16', // as deploy/docker/Dockerfile has it
        ...environment,
      },
      stopTimeoutMs: 30_000,
    }),
    probe: (signal) => (url === null ? Promise.resolve() : probeReadiness(url, signal)),
  };
}

async function probeReadiness(url: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(`${url}/health/ready`, { signal });
  const body = await response.text();
  if (response.status !== 200) throw new Error(`/health/ready answers ${response.status}: ${body.slice(0, 400)}`);
}
