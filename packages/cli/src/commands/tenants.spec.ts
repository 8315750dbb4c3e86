import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { type Host, runWeir } from '../run.js';

const TENANT = {
  tenantId: 'acme',
  name: 'Acme\u001b[2J Ltd',
  state: 'active',
  version: 7,
  limits: {},
  createdAt: '2026-11-22T09:00:00Z',
  updatedAt: '2026-11-22T09:00:00Z',
};

describe('weir tenants suspend', () => {
  let home: string;
  let server: Server;
  let changes: string[];
  let asked: string;
  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), 'weir-cli-'));
    writeFileSync(join(home, 'key'), 'wo_an_operator');
    changes = [];
    asked = '';
    server = createServer(({ method, url, headers }, response) => {
      if (method !== 'GET') changes.push(`${method} ${url} ${headers['if-match']}`);
      response.end(JSON.stringify({ ...TENANT, state: method === 'GET' ? 'active' : 'suspended' }));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    // A question goes to the process itself, whose standard error a dialogue writes to.
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
      asked += String(text);
      return true;
    });
  });
  afterEach(() => {
    jest.restoreAllMocks();
    server.close();
    server.closeAllConnections();
    rmSync(home, { recursive: true });
  });

  /** At a terminal where somebody answers so; `null` is no terminal. */
  async function suspend(answer: string | null, ...flags: readonly string[]) {
    const said = { stdout: '', stderr: '' };
    const isTTY = answer !== null;
    const stdin = Object.assign(new PassThrough(), { isTTY });
    stdin.end(answer === null ? '' : `${answer}\n`);
    const host: Host = Object.assign(new EventEmitter(), {
      stdin,
      stdout: { write: (text: string) => void (said.stdout += text) },
      stderr: { write: (text: string) => void (said.stderr += text), isTTY },
    });
    const { port } = server.address() as AddressInfo;
    const where = ['--admin-url', `http://127.0.0.1:${port}`, '--key-file', join(home, 'key'), '--no-color'];
    return { code: await runWeir(['tenants', 'suspend', 'acme', ...where, ...flags], host), ...said };
  }

  it.each(['n', '', 'acme'])('says what it will do, asks, and changes nothing at the answer "%s"', async (answer) => {
    expect(await suspend(answer)).toEqual({ code: 0, stdout: '', stderr: 'Nothing was changed.\n' });
    expect(asked).toContain(
      String.raw`Suspend acme (Acme\u001b[2J Ltd)? From then on it can neither send nor ask, until it is resumed. [y/N]`,
    );
    expect(changes).toEqual([]);
  });

  it('suspends at a yes, of the version that was seen', async () => {
    const { code, stdout } = await suspend('y');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^acme {2}suspended/u)]);
    expect(changes).toEqual(['POST /api/v1/tenants/acme/suspend "7"']);
  });

  it.each([
    ['where nobody sits at a terminal', null, []],
    ['with --json, whose reader is no person', 'y', ['--json']],
  ])('is a mistake in usage without --yes %s, and changes nothing', async (_, answer, flags) => {
    expect(await suspend(answer, ...flags)).toEqual({
      code: 2,
      stdout: '',
      stderr: 'weir: Nobody can be asked here: give --yes to do it.\n',
    });
    expect([asked, changes]).toEqual(['', []]);
  });

  it('asks nobody with --yes', async () => {
    expect(await suspend(null, '--yes')).toMatchObject({ code: 0, stderr: '' });
    expect([asked, changes]).toEqual(['', ['POST /api/v1/tenants/acme/suspend "7"']]);
  });
});
