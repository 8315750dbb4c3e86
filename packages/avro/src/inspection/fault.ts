/** How a body departs from its schema. The last two are found out while reading goes on: they are wrong, but no place is lost by them. */
export type AvroProblem =
  | 'ends_early'
  | 'left_over'
  | 'length_negative'
  | 'length_past_end'
  | 'count_past_end'
  | 'item_without_bytes'
  | 'union_branch'
  | 'enum_symbol'
  | 'number_too_long'
  | 'too_deep'
  | 'too_much'
  | 'not_utf8'
  | 'long_inexact';

/** The first place at which a body departs from its schema. */
export interface AvroFault {
  readonly problem: AvroProblem;
  /** Names from the outermost record in, joined by dots; empty for the value as a whole. */
  readonly field: string;
  /** Offset in the bytes as they were given. */
  readonly byte: number;
  /** The Avro type that was being read: `double`, `string`, `union`. */
  readonly type: string;
  /** The number that the bytes claim (a length, a count, a branch), in decimal. */
  readonly claimed?: string;
  /** What there is instead: bytes left, branches or symbols in the schema. */
  readonly available?: number;
}

/** Ends a reading that cannot go on. */
export class BodyFault extends Error {
  constructor(readonly fault: AvroFault) {
    super(fault.problem);
  }
}
