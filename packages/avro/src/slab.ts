import { RecordEncodeError } from '@weir/errors';
import type { Type } from 'avsc';

import { FRAME_BYTES, writeFrame } from './frame.js';
import { IllFormedTextError } from './strict-types.js';

/** What a value is taken to need until the first ones were written. */
const FIRST_GUESS_BYTES = 256;
/** Room for values longer than the average, so that a slab seldom grows. */
const HEADROOM = 1.25;

/** Values one after the other: value `n` reaches from the end of the one before to `ends[n]`. */
export interface PackedValues {
  readonly bytes: Buffer;
  readonly ends: Uint32Array;
}

/**
 * Writes the framed bodies of one request one after the other into one buffer.
 *
 * The buffer is a new one at each call and is never written again: views of it may live as long as their holder
 * likes, and keep the whole slab alive with them.
 */
export class SlabWriter {
  private bytesPerValue = FIRST_GUESS_BYTES;

  constructor(private readonly type: Type) {}

  /** Throws RecordEncodeError where a value does not fit the schema; then nothing of the request is to be sent. */
  write(values: readonly unknown[], schemaId: number): PackedValues {
    let slab: Buffer = Buffer.allocUnsafe(Math.ceil(values.length * this.bytesPerValue * HEADROOM));
    const ends = new Uint32Array(values.length);
    let end = 0;
    for (let index = 0; index < values.length; index += 1) {
      const start = end;
      let missing: number;
      while ((missing = this.writeOne(slab, start, values[index], schemaId, index)) < 0)
        slab = enlarged(slab, start, -missing);
      end = missing;
      ends[index] = end;
    }
    if (values.length > 0) this.bytesPerValue = this.bytesPerValue * 0.9 + (end / values.length) * 0.1;
    return { bytes: slab, ends };
  }

  /** Where the value ends, or minus the number of bytes that the slab is short of. */
  private writeOne(slab: Buffer, start: number, value: unknown, schemaId: number, index: number): number {
    const body = start + FRAME_BYTES;
    if (body > slab.length) return slab.length - body;
    writeFrame(slab, start, schemaId);
    try {
      return this.type.encode(value, slab, body);
    } catch (error) {
      // The error of avsc is no cause to keep: its message holds the value, which is a tenant's.
      const reason = error instanceof IllFormedTextError ? error.message : this.fieldAtFault(value);
      throw new RecordEncodeError(`Value ${index} does not fit its schema: ${reason}.`, { context: { index } });
    }
  }

  private fieldAtFault(value: unknown): string {
    let field: string | undefined;
    this.type.isValid(value, { errorHook: (path) => (field ??= path[0]) });
    return `the field ${field ?? 'at its top'} has another type`;
  }
}

function enlarged(slab: Buffer, used: number, missing: number): Buffer {
  const larger = Buffer.allocUnsafe(Math.max(slab.length * 2, slab.length + missing));
  slab.copy(larger, 0, 0, used);
  return larger;
}
