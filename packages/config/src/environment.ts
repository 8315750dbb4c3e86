import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseEnv } from 'node:util';

/** Names and texts, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The process's environment; outside production with what the nearest `.env` adds to it.
 *
 * `.env` is looked for in `directory` and above, up to the workspace's root. What the environment already has, stands.
 */
export function processEnvironment(directory = process.cwd()): Environment {
  if (process.env['NODE_ENV'] === 'production') return process.env;
  return { ...dotEnv(directory), ...process.env };
}

function dotEnv(directory: string): Environment {
  const own = textOf(join(directory, '.env'));
  if (own !== null) return parseEnv(own);
  const atRoot = textOf(join(directory, 'pnpm-workspace.yaml')) !== null;
  return atRoot || dirname(directory) === directory ? {} : dotEnv(dirname(directory));
}

/** The file's text, or null where there is none that could be read. */
export function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
