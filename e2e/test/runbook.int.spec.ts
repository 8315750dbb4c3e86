import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { Recovery } from '../support/recovery.js';

const runbook = readFileSync(new URL('../../docs/runbooks/dead-letters.md', import.meta.url), 'utf8');
/** Each command that is marked to be run, with the answer that stands below it; `fixed` is run once the cause is gone. */
const steps = [...runbook.matchAll(/```bash run( fixed)?\n([\s\S]*?)```\n\n```json\n([\s\S]*?)```/g)].map(
  ([, fixed, command = '', answer = '']) => ({ fixed: fixed !== undefined, command, answer }),
);
/** What is another each time. */
const CHANGING =
  /^(?:id|hash|planHash|fingerprint|error|pattern|detail|schemaId|firstSeen|lastSeen|createdAt|createdBy|finishedAt|at|by|sample|partitions|letters)$/;

function lasting(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lasting);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, CHANGING.test(name) ? typeof member : lasting(member)]),
  );
}

/** A group for each of the causes: only that of the story is compared. */
const ofStory = (value: unknown): unknown => {
  const { items, ...rest } = value as { items?: { tenantId: string }[] };
  return items === undefined ? value : { ...rest, items: items.filter(({ tenantId }) => tenantId === 'ajax') };
};

describe('docs/runbooks/dead-letters.md', () => {
  let recovery: Recovery;
  beforeAll(async () => {
    recovery = await Recovery.start();
    await recovery.limitValues(true);
    await recovery.tooLarge({ tenant: 'ajax', count: 60 });
    await recovery.nonsense({ tenant: 'acme', count: 1 });
    await recovery.indexed(61);
  }, 180_000);
  afterAll(() => recovery.stop(), 60_000);

  it('shows commands that answer as it says, in its order', async () => {
    expect(steps.length).toBe(runbook.split('```bash run').length - 1);
    for (const { fixed, command, answer } of steps) {
      if (fixed) {
        await recovery.limitValues(false);
        await recovery.indexed(71);
      }
      const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', command], {
        env: { PATH: process.env['PATH'] ?? '', ADMIN: recovery.operator.url, KEY: recovery.operator.key },
        timeout: 90_000,
      });
      expect(lasting(ofStory(JSON.parse(stdout)))).toEqual(lasting(ofStory(JSON.parse(answer))));
    }
  }, 300_000);
});
