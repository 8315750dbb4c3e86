import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { AdminApp } from './support/admin-app.js';

const guide = readFileSync(new URL('../../../docs/guides/tenants.md', import.meta.url), 'utf8');
/** Each command that is marked to be run, with the answer that stands below it. */
const steps = [...guide.matchAll(/```bash run\n([\s\S]*?)```\n\n```json\n([\s\S]*?)```/g)].map(
  ([, command = '', answer = '']) => ({ command, answer }),
);
/** What is another each time. */
const CHANGING = /^(?:id|key|keyId|entryId|actor|createdBy|createdAt|updatedAt|at|userAgent|correlationId)$/;

/** The same with what changes left out; a revocation stays one. */
function lasting(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lasting);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      if (CHANGING.test(name)) return [name, typeof member];
      return [name, name === 'revokedAt' ? member !== null : lasting(member)];
    }),
  );
}

describe('docs/guides/tenants.md', () => {
  let admin: AdminApp;
  beforeAll(async () => {
    admin = await AdminApp.start();
  });
  afterAll(() => admin.close());

  it('shows commands that answer as it says, in its order', async () => {
    expect(steps.length).toBe(guide.split('```bash run').length - 1);
    for (const { command, answer } of steps) {
      const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', command], {
        env: { PATH: process.env['PATH'] ?? '', ADMIN: admin.url, KEY: admin.adminKey },
        timeout: 20_000,
      });
      expect(lasting(JSON.parse(stdout))).toEqual(lasting(JSON.parse(answer)));
    }
  }, 90_000);

  it('tells every role', () => {
    for (const role of ['viewer', 'operator', 'admin']) expect(guide).toMatch(new RegExp(`^\\| \`${role}\` +\\|`, 'm'));
  });
});
