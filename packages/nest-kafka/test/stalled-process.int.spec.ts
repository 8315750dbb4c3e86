import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { expect, it } from '@jest/globals';
import { uniqueName } from '@weir/testing';

import { createTopic, sendTo } from './outside.js';

it('ends a process whose consumer stands still, with a failure that says why, so that a supervisor starts it anew', async () => {
  const topic = await createTopic(uniqueName('nest'));
  await sendTo(topic, 'a record that is never settled');
  const child = spawn(
    process.execPath,
    [
      '--conditions=@weir/source',
      '--import',
      '@weir/jest-preset/run-source',
      fileURLToPath(new URL('stalled.child.ts', import.meta.url)),
      topic,
    ],
    { cwd: fileURLToPath(new URL('..', import.meta.url)), stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const exited = once(child, 'close');
  expect(await text(child.stderr)).toContain('consumer_stalled');
  expect(await exited).toEqual([1, null]);
});
