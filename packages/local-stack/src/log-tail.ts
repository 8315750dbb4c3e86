import { closeSync, openSync, readSync, statSync } from 'node:fs';

const READ_BYTES = 64 * 1024;
const COMPLAINT =
  /\b(error|fatal|panic|\w*exception|failed|refused|cannot|could not|denied|in use|invalid|missing)\b/iu;
const STACK_FRAME = /^\s*(at |\.\.\. \d+ |Suppressed:)/u;

/**
 * The lines of a log's end that say something, for an error message: complaints where there are any, else lines
 * as they are, without stack frames. `from` is the size that the file had before, so that an earlier run's
 * complaints are left out.
 */
export function meaningfulTail(logFile: string, { from = 0, lines = 4 } = {}): string[] {
  const spoken = lastBytes(logFile, from)
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line.trim() !== '' && !STACK_FRAME.test(line));
  const complaints = spoken.filter((line) => COMPLAINT.test(line));
  const said = complaints.length > 0 ? complaints : spoken;
  // The first complaint names the cause more often than not, the last ones what came of it.
  const chosen = said.length > lines ? [...said.slice(0, 1), ...said.slice(1 - lines)] : said;
  return chosen.map((line) => shorten(line));
}

export function sizeOf(logFile: string): number {
  return statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
}

function lastBytes(logFile: string, from: number): string {
  const size = sizeOf(logFile);
  const start = Math.max(from, size - READ_BYTES);
  if (size <= start) return '';
  const buffer = Buffer.alloc(size - start);
  const file = openSync(logFile, 'r');
  try {
    const read = readSync(file, buffer, 0, buffer.length, start);
    return buffer.toString('utf8', 0, read);
  } finally {
    closeSync(file);
  }
}

function shorten(line: string): string {
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
