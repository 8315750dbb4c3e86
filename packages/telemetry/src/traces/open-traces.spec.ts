import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { describe, expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../../../..', import.meta.url));

const OPTIONS = {
  endpoint: 'http://127.0.0.1:9/v1/traces',
  protocol: 'http/protobuf',
  headers: {},
  compression: 'none',
  timeoutMs: 100,
  tls: { authority: null, certificate: null, key: null },
  sampler: { name: 'always_on', ratio: 1 },
  resource: {},
  queue: { maxSpans: 1, batchSpans: 1, delayMs: 1, exportTimeoutMs: 100 },
};

/** The modules of OpenTelemetry's SDK that a process has loaded once it has opened its traces. */
async function loadedWith(options: object | null): Promise<string[]> {
  const code = `
    import { createRequire } from 'node:module';
    import { createLogger, openTraces } from '@weir/telemetry';
    const service = { name: 'x', version: '1', instance: 'i' };
    await openTraces(${JSON.stringify(options)}, service, createLogger({ ...service, logLevel: 'silent', environment: 'test' }));
    const loaded = Object.keys(createRequire(import.meta.url).cache);
    console.log(JSON.stringify(loaded.filter((path) => /sdk-trace|otlp/.test(path))));`;
  const run = [
    '--conditions=@weir/source',
    '--import',
    `${root}/packages/jest-preset/run-source.js`,
    '--input-type=module',
    '-e',
    code,
  ];
  const { stdout } = await promisify(execFile)(process.execPath, run, { cwd: `${root}/packages/nest-service` });
  return JSON.parse(stdout) as string[];
}

describe('openTraces', () => {
  it('loads nothing of the SDK where traces are off', async () => {
    expect(await loadedWith(null)).toEqual([]);
    expect((await loadedWith(OPTIONS)).length).toBeGreaterThan(10);
  });
});
