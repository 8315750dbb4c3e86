import { readdirSync, readFileSync } from 'node:fs';

const folder = new URL('../corpus/', import.meta.url);

/** A file of the corpus. Its name says what is answered, and what it is: `400-cut-short.json.gz`, `202-pipelined+202.http`. */
export interface Sample {
  readonly name: string;
  readonly statuses: readonly number[];
  readonly bytes: Buffer;
  /** What a body is sent with. */
  readonly headers: Readonly<Record<string, string>>;
}

export function corpus(kind: 'bodies' | 'http'): readonly Sample[] {
  const files = readdirSync(new URL(`${kind}/`, folder)).toSorted();
  return files.map((name) => ({
    name,
    statuses: (name.match(/(?:^|\+)\d{3}/g) ?? []).map((status) => Number(status.replace('+', ''))),
    bytes: readFileSync(new URL(`${kind}/${name}`, folder)),
    headers: {
      'content-type': name.includes('.ndjson') ? 'application/x-ndjson' : 'application/json',
      ...(name.endsWith('.gz') ? { 'content-encoding': 'gzip' } : {}),
    },
  }));
}
