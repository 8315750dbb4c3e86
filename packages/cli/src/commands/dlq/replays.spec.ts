import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { type Host, runWeir } from '../../run.js';

const NOWHERE = 'http://127.0.0.1:9';

describe('weir dlq replay --hash', () => {
  let home: string;
  let keyFile: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'weir-cli-'));
    keyFile = join(home, 'key');
    writeFileSync(keyFile, 'wo_an_operator');
  });
  afterEach(() => rmSync(home, { recursive: true }));

  /** A command line where nobody sits at the terminal, and admin-service does not answer. */
  async function run(...words: readonly string[]) {
    const said = { stdout: '', stderr: '' };
    const host: Host = Object.assign(new EventEmitter(), {
      stdin: Readable.from([]),
      stdout: { write: (text: string) => void (said.stdout += text) },
      stderr: { write: (text: string) => void (said.stderr += text) },
    });
    const code = await runWeir([...words, '--admin-url', NOWHERE, '--key-file', keyFile], host);
    return { code, ...said };
  }

  it.each([
    ['a tenant', '--tenant', 'acme'],
    ['a class', '--class', 'poison'],
    ['a reason', '--reason', 'database'],
    ['a fingerprint', '--fingerprint', '5b1f0c6b'],
    ['a schema', '--schema', '0'],
    ['a topic', '--topic', 'metrics.raw'],
    ['a partition', '--partition', '0'],
    ['a beginning', '--from', '7d'],
    ['an end', '--to', '1h'],
    ['words', '--text', 'too large'],
    ['a state', '--state', 'open'],
    ['all', '--all'],
    ['ids', '2-17', '2-18'],
  ])('with %s is a mistake in usage, and asks nobody', async (_, ...words) => {
    expect(await run('dlq', 'replay', '--hash', 'abc', '--yes', ...words)).toEqual({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^weir: A plan names its dead letters itself: .* and not both\.$/mu),
    });
  });

  it('alone is sent to admin-service', async () => {
    expect(await run('dlq', 'replay', '--hash', 'abc', '--yes')).toMatchObject({ code: 6 });
  });
});
