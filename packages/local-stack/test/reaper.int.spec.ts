import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from '@jest/globals';

import { isAlive, until } from './support/processes.js';

const STARTER = fileURLToPath(new URL('support/starter.mjs', import.meta.url));
const REAPER = fileURLToPath(new URL('../reaper.mjs', import.meta.url));

const OBEDIENT = `setInterval(() => {}, 1000); console.log('up');`;
const GRANDPARENT = `require('node:child_process').spawn('sleep', ['600']); setInterval(() => {}, 1000); console.log('up');`;

describe('Reaper', () => {
  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'ends what the starter started, and deletes its data, when the starter dies of %s',
    async (signal) => {
      const directory = mkdtempSync(join(tmpdir(), 'weir-reaper-'));
      writeFileSync(join(directory, 'data'), 'x');
      const starter = spawn(process.execPath, [STARTER, REAPER, directory, OBEDIENT, GRANDPARENT], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const { reaper, children } = await firstLine(starter);
      expect([reaper, ...children].map(isAlive)).toEqual([true, true, true]);

      starter.kill(signal);
      await until(() => ![reaper, ...children].some(isAlive));
      expect(existsSync(directory)).toBe(false);
    },
  );
});

async function firstLine(starter: ChildProcess): Promise<{ reaper: number; children: number[] }> {
  if (starter.stdout === null) throw new Error('no output');
  for await (const line of createInterface({ input: starter.stdout })) {
    const told: unknown = JSON.parse(line);
    if (isTold(told)) return told;
  }
  throw new Error('the starter ended');
}

function isTold(value: unknown): value is { reaper: number; children: number[] } {
  return typeof value === 'object' && value !== null && 'reaper' in value && 'children' in value;
}
