/**
 * Bounds what JSON.parse may build, before it builds it: twenty megabytes of `[{},{},…` become hundreds of megabytes of objects.
 *
 * One pass over the bytes that only tells strings from the rest; whether it is JSON at all is for JSON.parse to say.
 */
export function isTooComplex(json: Uint8Array, maxMarks: number): boolean {
  if (json.length <= HARMLESS_BYTES) return false;
  let depth = 0;
  let marks = 0;
  const length = json.length;
  for (let at = 0; at < length; at += 1) {
    switch (json[at]) {
      case QUOTE:
        at = endOfString(json, at + 1);
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth += 1;
        if (depth > MAX_DEPTH) return true;
        marks += 1;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        depth -= 1;
        break;
      case COLON:
      case COMMA:
        marks += 1;
        break;
      default:
    }
  }
  return marks > maxMarks;
}

/**
 * Marks (`{`, `[`, `:` and `,`) that a body of so many samples may have: a sample with 30 labels has about 75, one with the
 * hundred that no tenant's limit exceeds about 215.
 */
export function marksAllowed(maxSamples: number): number {
  return 1000 + 250 * maxSamples;
}

/** Whatever fits in here costs at most a few megabytes, so that small requests are spared the pass. */
const HARMLESS_BYTES = 64 * 1024;
/** `{"metrics": [{"labels": {}}]}` nests four deep; the rest is room for items that are refused one by one. */
const MAX_DEPTH = 16;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COLON = 0x3a;
const COMMA = 0x2c;

/** Where the string that begins at `at` has its closing quote. */
function endOfString(json: Uint8Array, from: number): number {
  let at = from;
  while (at < json.length && json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1;
  return at;
}
