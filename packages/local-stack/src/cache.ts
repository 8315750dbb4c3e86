import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { identify } from './process-identity.js';

/** Where downloads are kept for all clones of this user: `$XDG_CACHE_HOME/weir`, by default `~/.cache/weir`. */
export function userCache(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'weir');
}

/**
 * The directory `name` in `cache`, filled by `fill` if it is not there yet.
 *
 * It appears whole or not at all: `fill` writes to a draft that is renamed at the end. Two processes may fill it at
 * the same time; one of the two results stays. Drafts of processes that died are deleted.
 */
export async function cachedDirectory(
  cache: string,
  name: string,
  fill: (draft: string) => void | Promise<void>,
): Promise<string> {
  const directory = join(cache, name);
  if (existsSync(directory)) return directory;
  mkdirSync(cache, { recursive: true });
  removeAbandonedDrafts(cache);
  const draft = join(cache, `.draft-${process.pid}-${name}`);
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o755 });
  try {
    await fill(draft);
    renameSync(draft, directory);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(directory)) throw error; // else another process was faster
  }
  return directory;
}

function removeAbandonedDrafts(cache: string): void {
  for (const entry of readdirSync(cache)) {
    const pid = /^\.draft-(\d+)-/u.exec(entry)?.[1];
    if (pid !== undefined && identify(Number(pid)) === null)
      rmSync(join(cache, entry), { recursive: true, force: true });
  }
}
