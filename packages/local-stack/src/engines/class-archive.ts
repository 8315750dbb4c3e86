import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';

import { javaProgram } from './java.js';

/**
 * The flags that let a JVM map the classes it loads instead of reading them anew (AppCDS, JEP 350): about half of the
 * processor time until an engine is ready.
 *
 * The archive is written by the first run that ends in order (`create`), which then takes some seconds longer to end,
 * and used by the next ones. It is kept beside the jars, one for each Java. A JVM passes over one that does not fit it.
 */
export function classArchiveFlags(directory: string, engine: string, create: boolean): string[] {
  const archive = join(directory, `${engine}-${javaKey()}.jsa`);
  if (!existsSync(archive)) adoptDraft(archive);
  if (existsSync(archive))
    return [`-XX:SharedArchiveFile=${archive}`, '-Xshare:auto', '-Xlog:cds=off', '-Xlog:cds+dynamic=off'];
  return create ? [`-XX:ArchiveClassesAtExit=${archive}.${process.pid}`, '-Xlog:cds=off', '-Xlog:cds+dynamic=off'] : [];
}

/** How long a JVM may take to end while it may be writing its archive. */
export const ARCHIVE_STOP_TIMEOUT_MS = 40_000;

/** Takes what an earlier run wrote, and deletes what one was killed over. */
function adoptDraft(archive: string): void {
  const directory = dirname(archive);
  if (!existsSync(directory)) return;
  for (const name of readdirSync(directory).filter((entry) => entry.startsWith(`${basename(archive)}.`))) {
    const draft = join(directory, name);
    if (isWhole(draft)) renameSync(draft, archive);
    else if (Date.now() - statSync(draft).mtimeMs > 60_000) rmSync(draft, { force: true });
  }
}

/** The JVM writes the header, with its magic number, last. */
function isWhole(file: string): boolean {
  const magic = Buffer.alloc(4);
  const descriptor = openSync(file, 'r');
  try {
    return readSync(descriptor, magic, 0, magic.length, 0) === magic.length && magic.readUInt32LE() !== 0;
  } finally {
    closeSync(descriptor);
  }
}

/** Names the Java that is used, by its file. */
function javaKey(): string {
  const program = javaProgram();
  const path = (process.env['PATH'] ?? '').split(delimiter).map((directory) => join(directory, program));
  const file = [program, ...path].find((candidate) => candidate.includes('/') && existsSync(candidate));
  const identity = file === undefined ? 'unknown' : `${realpathSync(file)} ${statSync(file).mtimeMs}`;
  return createHash('sha256').update(identity).digest('hex').slice(0, 8);
}
