import type { RecordHeader } from '@weir/kafka';

/** Headers as one text: JSON of name and base64, since a value is bytes, a name may repeat, and their order counts. */
export function headersText(headers: readonly RecordHeader[]): string {
  return JSON.stringify(headers.map(({ key, value }) => [key, (value ?? Buffer.alloc(0)).toString('base64')]));
}

export function headersOf(text: string): RecordHeader[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nobody else writes the column
  const stored = JSON.parse(text) as readonly (readonly [string, string])[];
  return stored.map(([key, value]) => ({ key, value: Buffer.from(value, 'base64') }));
}
