import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { describe, expect, it } from '@jest/globals';
import { accessOf, type AppName, resolveTopics } from '@weir/topics';

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

describe('documentation that is made from code', () => {
  it('is fresh, names every variable that code reads, and .env.example configures every app', async () => {
    const loader = ['--conditions=@weir/source', '--import', './packages/jest-preset/run-source.js'];
    const run = promisify(execFile)(process.execPath, [...loader, 'scripts/generate-docs.mjs', '--check'], {
      cwd: root,
      env: { PATH: process.env['PATH'] },
    });
    await expect(run).resolves.toBeDefined();
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

describe('docs/reference/errors.md', () => {
  it('explains every code that an error or a health check of packages, metrics-consumer, dlq-replayer and admin-service carries', () => {
    const page = textOf('docs/reference/errors.md');
    const written = /\bcode(?::| =) '([a-z]+(?:_[a-z]+)*)'|\[clientCodes\.\w+, '([a-z_]+)'\]/g;
    const codes = ['packages', 'apps/metrics-consumer', 'apps/dlq-replayer', 'apps/admin-service']
      .flatMap(sources)
      .filter((path) => path.includes('/src/') && !path.endsWith('.spec.ts'))
      .filter((path) => !path.includes('/src/diagnosis/')) // findings: docs/reference/dead-letters.md, held by a test beside them
      .flatMap((path) => [...textOf(path).matchAll(written)].map(([, given, mapped]) => given ?? mapped ?? ''));
    expect(codes.length).toBeGreaterThan(50);
    expect([...new Set(codes)].filter((code) => !page.includes(`| \`${code}\` `))).toEqual([]);
  });
});

/** `describe-configs` → `DescribeConfigs`. */
const inKafkasWords = (operation: string): string =>
  operation.replaceAll(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());

describe('docs/guides/security.md', () => {
  it('lists exactly the rights that the registry of topics asks for, for every app', () => {
    const apps = readdirSync(join(root, 'apps')) as AppName[];
    const needed = apps.flatMap((app) =>
      accessOf(app, resolveTopics(), app).map(({ resource, name, pattern, operations }) => {
        const named = pattern === 'prefixed' ? `${name}*` : name;
        return `\`${app}\` ${resource} \`${named}\` ${operations.map(inKafkasWords).join(', ')}`;
      }),
    );
    const listed = [
      ...textOf('docs/guides/security.md').matchAll(
        /^\| (`[\w-]+`) +\| ((?:topic|group|transactional-id) `[^`]+`) +\| (\w.*?) +\|$/gm,
      ),
    ].map(([, app, resource, operations]) => `${app} ${resource} ${operations}`);
    expect(listed.toSorted()).toEqual(needed.toSorted());
  });
});

describe('docs/reference/metrics.md', () => {
  it('promises no metric that nothing ever sets', () => {
    const names = [...textOf('docs/reference/metrics.md').matchAll(/`((?:kafka|weir)_[a-z_]+)`/g)].map(
      ([, name]) => name,
    );
    const code = ['apps', 'packages']
      .flatMap(sources)
      .filter((path) => path.includes('/src/') && !/\.spec\.ts$|catalogue\.ts$/.test(path))
      .map(textOf)
      .join('\n');
    expect(names.length).toBeGreaterThan(30);
    expect(names.filter((name) => !code.includes(`'${name}'`))).toEqual([]);
  });
});
