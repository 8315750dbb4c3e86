import { readdirSync, readFileSync } from 'node:fs';

/** A record of a topic as a corpus has it. */
export interface CorpusRecord {
  /** Its file's, without the ending: what becomes of it, and what it is (`decode-byte-left-over`). */
  readonly name: string;
  /** What becomes of it: its name up to the first dash. */
  readonly expected: string;
  /** What the value is framed as written with: one of the subject's versions, or somebody else's schema. Null: the value stands as it is. */
  readonly schema: string | object | null;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly { readonly key: string; readonly value: Buffer }[];
}

type Part = { readonly times?: number } & ({ readonly hex: string } | { readonly text: string });
type Bytes = Part | readonly Part[];

interface File {
  readonly schema?: string | object;
  readonly key?: Bytes | null;
  readonly value: Bytes | null;
  readonly headers?: readonly { readonly key: string; readonly value: Bytes; readonly times?: number }[];
}

/**
 * The records of a folder, one file each: JSON in which bytes are `{hex}` or `{text}`, repeated `times`, or a list of these.
 *
 * Whoever finds an input that goes wrong adds it as a file.
 */
export function readCorpus(folder: URL): readonly CorpusRecord[] {
  return readdirSync(folder)
    .toSorted()
    .map((file) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the repository's own files
      const read = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as File;
      const name = file.replace(/\.json$/u, '');
      return {
        name,
        expected: name.slice(0, name.indexOf('-')),
        schema: read.schema ?? null,
        key: bytesOrNull(read.key),
        value: bytesOrNull(read.value),
        headers: (read.headers ?? []).flatMap(({ key, value, times = 1 }) =>
          Array.from({ length: times }, () => ({ key, value: bytes(value) })),
        ),
      };
    });
}

const bytesOrNull = (given: Bytes | null | undefined): Buffer | null =>
  given === null || given === undefined ? null : bytes(given);

function bytes(given: Bytes): Buffer {
  const parts = 'length' in given ? given : [given];
  return Buffer.concat(
    parts.map((part) => {
      const once = 'hex' in part ? Buffer.from(part.hex, 'hex') : Buffer.from(part.text);
      return Buffer.alloc(once.length * (part.times ?? 1), once);
    }),
  );
}
