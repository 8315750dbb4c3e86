import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { prometheusPrograms, Reaper } from '../src/index.js';

describe('Prometheus for this machine', () => {
  const before = { ...process.env };
  let directory: string;
  let reaper: Reaper;
  const find = (): ReturnType<typeof prometheusPrograms> =>
    prometheusPrograms({ reaper, signal: new AbortController().signal, logFile: join(directory, 'log') });

  beforeEach(() => {
    reaper = new Reaper();
    directory = mkdtempSync(join(tmpdir(), 'weir-programs-'));
    mkdirSync(join(directory, 'bin'));
    process.env['PATH'] = join(directory, 'bin');
    process.env['XDG_CACHE_HOME'] = directory;
  });
  afterEach(async () => {
    process.env = { ...before };
    await reaper.close();
    rmSync(directory, { recursive: true });
  });

  function installed(version: string): void {
    for (const name of ['prometheus', 'promtool', 'alertmanager', 'amtool'])
      writeFileSync(join(directory, 'bin', name), `#!/bin/sh\necho "${name}, version ${version} (branch: main)"\n`, {
        mode: 0o755,
      });
  }

  it('is what is installed there', async () => {
    installed('2.42.0');
    expect(await find()).toMatchObject({ prometheus: 'prometheus', alertmanager: 'alertmanager', shared: null });
    installed('3.5.0');
    expect(await find()).toMatchObject({ promtool: 'promtool' });
  });

  it('is refused where it is too old to know what the rules say', async () => {
    installed('2.41.0');
    await expect(find()).rejects.toThrow('Prometheus 2.41.0 (prometheus) is too old');
  });

  it('is asked for in one sentence where it is not there and cannot be fetched', async () => {
    await expect(find()).rejects.toThrow(
      /^Prometheus and Alertmanager are not on this machine and could not be fetched out of Debian: type `[^`]+`/u,
    );
  });
});
