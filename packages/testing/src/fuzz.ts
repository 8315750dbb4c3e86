import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import * as fc from 'fast-check';

/** WEIR_FAULTS=long looks for minutes; otherwise for seconds. */
const LONG = process.env['WEIR_FAULTS'] === 'long';
const LONGER = 50;

/** How often a property is tried, where `short` is enough for every day. */
export const fuzzRuns = (short: number): number => (LONG ? short * LONGER : short);

/** What a test of properties may take, in milliseconds. */
export const FUZZ_TIMEOUT_MS = LONG ? 1_800_000 : 120_000;

/**
 * Bytes that this process holds on to: what is left once V8 has collected. What it has of the machine says little, since it
 * gives back late.
 */
export function bytesHeld(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc()');
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Turns bytes over, cuts them, drops and doubles some, or puts others between. */
export const damage: fc.Arbitrary<(bytes: Buffer) => Buffer> = fc
  .array(
    fc.record({
      kind: fc.constantFrom('flip', 'cut', 'drop', 'double', 'insert'),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
    }),
    { maxLength: 4 },
  )
  .map((steps) => (bytes) => steps.reduce<Buffer>((done, step) => damaged(done, step), bytes));

interface Step {
  readonly kind: string;
  readonly at: number;
  readonly bytes: Uint8Array;
}

function damaged(bytes: Buffer, { kind, at, bytes: other }: Step): Buffer {
  const position = Math.floor(at * bytes.length);
  const [before, after] = [bytes.subarray(0, position), bytes.subarray(position)];
  switch (kind) {
    case 'flip':
      return Buffer.concat([before, Buffer.from([(after[0] ?? 0) ^ (other[0] ?? 1)]), after.subarray(1)]);
    case 'cut':
      return before;
    case 'drop':
      return Buffer.concat([before, after.subarray(other.length)]);
    case 'double':
      return Buffer.concat([before, after, after]);
    default:
      return Buffer.concat([before, other, after]);
  }
}
