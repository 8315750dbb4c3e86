import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { foreignVariables, toolVariables } from './tool-variables.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const READ = /\bprocess\.env(?:\.(\w+)|\[\s*['"](\w+)['"]\s*\])/g;

/**
 * Where code of this repository reads a variable that the documentation does not name.
 *
 * @param {readonly import('./apps.mjs').App[]} apps
 */
export function undocumentedReads(apps) {
  const documented = new Set([
    ...apps.flatMap(({ variables }) => variables.map(({ name }) => name)),
    ...toolVariables.map(({ name }) => name),
    ...foreignVariables,
  ]);
  return ['apps', 'packages', 'scripts', 'e2e']
    .flatMap(sources)
    .flatMap((path) =>
      [...readFileSync(`${root}/${path}`, 'utf8').matchAll(READ)].map(([, dotted, quoted]) => ({
        path,
        name: dotted ?? quoted ?? '',
      })),
    )
    .filter(({ name }) => !documented.has(name));
}

/**
 * Source files below a folder, without what is built or installed.
 *
 * @param {string} folder
 * @returns {readonly string[]}
 */
function sources(folder) {
  return readdirSync(`${root}/${folder}`, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return /^(?:node_modules|dist|\.turbo)$/.test(entry.name) ? [] : sources(path);
    return /\.(?:ts|mjs|cjs|js)$/.test(entry.name) ? [path] : [];
  });
}
