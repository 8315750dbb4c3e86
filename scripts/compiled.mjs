/**
 * Whether what was compiled last is still there, and still that of the sources: so that a start which changed nothing need not ask turbo.
 *
 * Guarantee: what was written, replaced, added or removed since then, whether a source or compiled, is noticed. The file system's word is
 * taken for it: a file's size and times, of which nobody can set back the time of the last change (`ctime`).
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What turbo reads of the repository itself. */
const ROOT_FILES = [
  'package.json',
  'pnpm-lock.yaml',
  'pnpm-workspace.yaml',
  'scripts/bundle-app.mjs',
  'tsconfig.base.json',
  'turbo.json',
];
/** Whose folders are compiled. */
const WORKSPACES = ['apps', 'packages'];
const COMPILED = 'dist';
/** In these nothing is that is compiled, or comes of it. */
const PASSED_OVER = ['.turbo', 'coverage', 'node_modules', 'test'];

/** @typedef {{ sources: string, compiled: string }} State digests */

/** @param {string} repository @returns {State} */
export function stateOf(repository) {
  const sources = createHash('sha256');
  const compiled = createHash('sha256');
  for (const file of ROOT_FILES) sources.update(lineOf(join(repository, file)));
  for (const workspace of WORKSPACES)
    for (const name of foldersIn(join(repository, workspace))) {
      const folder = join(repository, workspace, name);
      add(folder, sources, [...PASSED_OVER, COMPILED]);
      add(join(folder, COMPILED), compiled, []);
    }
  return { sources: sources.digest('hex'), compiled: compiled.digest('hex') };
}

/** Whether all was compiled in this state. @param {string} repository @param {State} state */
export function isCompiled(repository, state) {
  const stamp = stampOf(repository);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === textOf(state);
}

/** Writes down that all was compiled, unless its sources are others now than those of `before`. @param {string} repository @param {State} before */
export function keepCompiled(repository, before) {
  const after = stateOf(repository);
  if (after.sources === before.sources) writeFileSync(stampOf(repository), textOf(after));
}

/** @param {string} repository */
const stampOf = (repository) => join(repository, 'node_modules', '.weir-compiled');

/** @param {State} state */
const textOf = ({ sources, compiled }) => `${sources} ${compiled}\n`;

/** @param {string} directory */
function foldersIn(directory) {
  const entries = readdirSync(directory, { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).toSorted();
}

/** All files below a folder that may be missing. @param {string} folder @param {import('node:crypto').Hash} hash @param {readonly string[]} passedOver */
function add(folder, hash, passedOver) {
  if (!existsSync(folder)) return;
  const entries = readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !passedOver.includes(name));
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) add(path, hash, passedOver);
    else hash.update(lineOf(path));
  }
}

/** @param {string} path */
function lineOf(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? `${path}\n` : `${path} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}\n`;
}
