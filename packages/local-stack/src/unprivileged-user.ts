import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

import { StackSetupError } from './errors.js';

export interface UnprivilegedUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Whom PostgreSQL runs as, which refuses to run as root; null where we are not root ourselves.
 *
 * That is the owner of data that exists, else the system's `postgres`, else `nobody`: no user is created for us.
 */
export function unprivilegedUser(existingData: string): UnprivilegedUser | null {
  if (process.getuid?.() !== 0) return null;
  const users = passwd();
  const owner = statSync(existingData, { throwIfNoEntry: false })?.uid;
  const user =
    users.find(({ uid }) => uid === owner && uid !== 0) ??
    users.find(({ name }) => name === 'postgres') ??
    users.find(({ name }) => name === 'nobody');
  if (user === undefined) throw new StackSetupError('PostgreSQL does not run as root, and there is no user `nobody`.');
  return user;
}

/** Whether `user` can use what is at `path`: a file to execute, a directory to enter. */
export function canReach(user: UnprivilegedUser, path: string): boolean {
  return spawnSync('test', ['-x', path], { uid: user.uid, gid: user.gid, cwd: '/' }).status === 0;
}

/** The nearest directory above `path` that exists. */
export function existingParent(path: string): string {
  const parent = dirname(path);
  return statSync(parent, { throwIfNoEntry: false }) === undefined ? existingParent(parent) : parent;
}

/** passwd(5) */
function passwd(): UnprivilegedUser[] {
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .flatMap(([name, , uid, gid]) => (name && uid && gid ? [{ name, uid: Number(uid), gid: Number(gid) }] : []));
}
