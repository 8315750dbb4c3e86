import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { StackHome, StackLock, writeStackFile } from '../src/index.js';
import { identify } from '../src/process-identity.js';

import { isAlive, until } from './support/processes.js';

describe('StackLock', () => {
  let home: StackHome;
  beforeEach(() => {
    home = new StackHome(mkdtempSync(join(tmpdir(), 'weir-lock-')));
  });
  afterEach(() => rmSync(home.directory, { recursive: true }));

  it('lets one supervisor run in a home, and the next one after it', () => {
    const lock = StackLock.acquire(home);
    expect(StackLock.runningSupervisor(home)?.pid).toBe(process.pid);
    expect(() => StackLock.acquire(home)).toThrow(`runs already (process ${process.pid})`);
    lock.release();
    expect(StackLock.runningSupervisor(home)).toBeNull();
    StackLock.acquire(home).release();
  });

  it('recognises a dead stack, ends what it left running, and removes what it said', async () => {
    const left = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
    await until(() => identify(left.pid ?? 0) !== null);
    const supervisor = { pid: deadPid(), startedAt: 'before' };
    writeLock(home, { supervisor, processes: [{ name: 'kafka', ...identify(left.pid ?? 0) }] });
    writeFileSync(home.stackFile, '{}');

    const lock = StackLock.acquire(home);
    await until(() => !isAlive(left.pid ?? 0));
    expect(existsSync(home.stackFile)).toBe(false);
    lock.release();
  });

  it('never touches a process that was merely given the id of one of the dead stack', async () => {
    const stranger = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
    await until(() => identify(stranger.pid ?? 0) !== null);
    try {
      const process = { pid: stranger.pid, startedAt: 'another time' };
      writeLock(home, { supervisor: process, processes: [{ name: 'kafka', ...process }] });

      expect(StackLock.runningSupervisor(home)).toBeNull();
      expect(StackLock.clearStale(home)).toEqual([]);
      expect(isAlive(stranger.pid ?? 0)).toBe(true);
    } finally {
      stranger.kill('SIGKILL');
    }
  });

  it('keeps what only the owner may read from all others', () => {
    const demo = { tenantId: 'demo', apiKey: 'wk_1_2', operatorKey: 'x' };
    const engines = {
      kafka: { bootstrapServers: '127.0.0.1:9092', pids: [1] },
      schemaRegistry: { url: 'http://127.0.0.1:8081/apis/ccompat/v7', pid: 2 },
      postgres: { url: 'postgres://weir:secret@127.0.0.1:5432/postgres', pid: 3 },
      redis: { url: 'redis://127.0.0.1:6379', pid: 5 },
    };
    writeStackFile(home, { apps: { 'ingest-api': { url: 'http://127.0.0.1:8000', pid: 4 } }, engines, demo });
    const secret = home.secret('demo.apiKey');
    expect(statSync(home.stackFile).mode & 0o777).toBe(0o600);
    expect(statSync(join(home.directory, 'secrets.json')).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(home.stackFile, 'utf8'))).toMatchObject({ engines, demo });
    expect(new StackHome(home.directory).secret('demo.apiKey')).toBe(secret);
  });
});

function writeLock(home: StackHome, content: object): void {
  writeFileSync(home.lockFile, JSON.stringify(content));
}

/** Above the highest id that Linux and macOS give by default, so nobody's. */
function deadPid(): number {
  return 4_194_303;
}
