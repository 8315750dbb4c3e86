import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { describe, expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../..', import.meta.url));
const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Source files of the workspace below a folder, without what is built or installed. */
function sources(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return /^(?:node_modules|dist|\.turbo)$/.test(entry.name) ? [] : sources(path);
    return /\.(?:ts|mjs|cjs|js)$/.test(entry.name) ? [path] : [];
  });
}

const ENVIRONMENT = /\bprocess\.env\b(?:\.(\w+)|\[\s*['"](\w+)['"]\s*\])?/g;

describe('documentation that is made from code', () => {
  it('is fresh, and .env.example configures every app', async () => {
    const loader = ['--conditions=@weir/source', '--import', '@weir/jest-preset/run-source'];
    const run = promisify(execFile)(process.execPath, [...loader, 'scripts/generate-docs.mjs', '--check'], {
      cwd: root,
      env: { PATH: process.env['PATH'] },
    });
    await expect(run).resolves.toBeDefined();
  });

  it('names every variable that code reads from the environment', () => {
    const guide = textOf('docs/guides/configuration.md');
    const foreign = textOf('scripts/documentation/tool-variables.mjs').split('foreignVariables').at(-1) ?? '';
    const unknown = ['apps', 'packages', 'scripts', 'e2e']
      .flatMap(sources)
      .flatMap((path) =>
        [...textOf(path).matchAll(ENVIRONMENT)].map(([, dotted, quoted]) => ({ path, name: dotted ?? quoted })),
      )
      .filter(({ name }) => name !== undefined && !guide.includes(`\`${name}\``) && !foreign.includes(`'${name}'`));
    expect(unknown).toEqual([]);
  });

  it('can be trusted: no app and no package reads the environment but through packages/config', () => {
    const readers = ['apps', 'packages']
      .flatMap(sources)
      .filter((path) => path.includes('/src/') && !path.endsWith('.spec.ts'))
      .filter((path) => !/^packages\/(?:config|testing|local-stack)\//.test(path))
      .filter((path) => /\bprocess\.env\b/.test(textOf(path)));
    expect(readers).toEqual([]);
  });
});
