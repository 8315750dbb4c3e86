import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterAll, describe, expect, it } from '@jest/globals';

import { type CpuProfile, flameGraphOf, framesOf, modulesOf } from './flame.js';

const BUNDLE = 'file:///weir/apps/some-app/dist/bundle/main.js';
const SOURCE = [
  '// dist/take.js',
  'function take() {}',
  '// ../../node_modules/.pnpm/fastify@5.0.0/node_modules/fastify/lib/reply.js',
  'function send() {}',
  'function onSend() {}',
].join('\n');
const [TAKE, SEND, ON_SEND] = [1, 3, 4];

const node = (
  id: number,
  functionName: string,
  [url, lineNumber]: readonly [string, number],
  children: number[] = [],
) => ({
  id,
  callFrame: { functionName, url, lineNumber },
  children,
});
const NOWHERE = ['', -1] as const;
/** take (twice, as V8 optimised it in between) → send → onSend → write, an idle second, a collection and a module that is loaded; the others have 1,000 µs. */
const profileOf = (bundle: string): CpuProfile => ({
  nodes: [
    node(1, '(root)', NOWHERE, [2, 6, 7, 8, 9]),
    node(2, 'take', [bundle, TAKE], [3]),
    node(3, 'send', [bundle, SEND], [4]),
    node(4, 'onSend', [bundle, ON_SEND], [5]),
    node(5, 'write', ['node:net', 10]),
    node(6, 'take', [bundle, TAKE]),
    node(7, '(idle)', NOWHERE),
    node(8, '(garbage collector)', NOWHERE),
    node(9, 'evaluate', ['node:internal/modules/esm/module_job', 20], [10]),
    node(10, 'take', [bundle, TAKE]),
  ],
  samples: [2, 3, 4, 5, 6, 7, 8, 2, 9, 10],
  timeDeltas: [100, 200, 50, 148, 100, 1_000_000, 2, 400, 70, 80],
});

const frames = () =>
  framesOf(profileOf(BUNDLE), modulesOf(SOURCE, BUNDLE)).map(({ name, owner, own }) => ({ name, owner, own }));

const directory = mkdtempSync(join(tmpdir(), 'weir-flame-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe('a flame graph', () => {
  it('has each function once below its caller, a package as one, and what it belongs to', () => {
    expect(frames()).toEqual([
      { name: 'at work', owner: 'v8', own: 2 },
      { name: 'take', owner: 'weir', own: 600 },
      { name: 'send', owner: 'fastify', own: 250 },
      { name: 'write', owner: 'node', own: 148 },
    ]);
  });

  it('leaves out no time but that of idleness and of loading modules', () => {
    expect(frames().reduce((sum, { own }) => sum + own, 0)).toBe(1_000);
  });

  it('tells of the app whose profile it is, and is none of other programs', async () => {
    const bundle = join(directory, 'apps/some-app/dist/bundle');
    mkdirSync(bundle, { recursive: true });
    writeFileSync(join(bundle, 'main.js'), SOURCE);
    const url = pathToFileURL(join(bundle, 'main.js')).href;
    const [ours, other] = [join(directory, 'ours'), join(directory, 'other')];
    writeFileSync(ours, JSON.stringify(profileOf(url)));
    writeFileSync(other, JSON.stringify(profileOf('file:///elsewhere/main.js')));
    const graph = await flameGraphOf(ours);
    expect(graph?.app).toBe('some-app');
    expect(graph?.svg).toMatch(/^<svg .*<\/svg>$/su);
    for (const text of ['some-app, its main thread: 1 ms of processor time', 'take', 'fastify: send', 'write'])
      expect(graph?.svg).toContain(`>${text}<`);
    expect(await flameGraphOf(other)).toBeNull();
  });
});
