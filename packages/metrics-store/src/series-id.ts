import { createHash } from 'node:crypto';

/** What makes a series: two samples belong to one series where all of these are equal. */
export interface SeriesIdentity {
  readonly tenantId: string;
  readonly name: string;
  readonly environment: string | null;
  readonly labels: Readonly<Record<string, string>>;
}

const ID_BYTES = 16;

function field(text: string): Buffer[] {
  const bytes = Buffer.from(text, 'utf8');
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32BE(bytes.length);
  return [length, bytes];
}

/**
 * The series' id: the first 128 bits of SHA-256 over its identity.
 *
 * Encoding: tenant, name, environment (0x00 where there is none, else 0x01 and the text), number of labels, then each
 * label's name and value in the order of their names' bytes; each text as UTF-8 behind its length in four bytes. So no two
 * identities have the same encoding, the order in which labels came does not matter, and any language can compute it.
 */
export function seriesId({ tenantId, name, environment, labels }: SeriesIdentity): Buffer {
  const sorted = Object.entries(labels)
    .map(([label, value]) => [Buffer.from(label, 'utf8'), label, value] as const)
    .toSorted(([a], [b]) => Buffer.compare(a, b));
  const count = Buffer.allocUnsafe(4);
  count.writeUInt32BE(sorted.length);
  const parts = [
    ...field(tenantId),
    ...field(name),
    ...(environment === null ? [Buffer.of(0)] : [Buffer.of(1), ...field(environment)]),
    count,
    ...sorted.flatMap(([, label, value]) => [...field(label), ...field(value)]),
  ];
  return createHash('sha256').update(Buffer.concat(parts)).digest().subarray(0, ID_BYTES);
}
