/** The UTF-8 of the texts one after the other, with where each of them ends, and some bytes behind the last that belong to none. */
export function packed(texts: readonly string[]): { readonly bytes: Buffer; readonly ends: Uint32Array } {
  let end = 0;
  const ends = Uint32Array.from(texts, (text) => (end += Buffer.byteLength(text)));
  return { bytes: Buffer.from(`${texts.join('')}none of them`), ends };
}
