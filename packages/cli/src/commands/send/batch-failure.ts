import { ApiProblem, NoAnswer } from '../../api/problem.js';
import { Failure, failureOf } from '../../failures.js';
import type { Refused } from './sender.js';

/** Where sending stopped. */
export interface StoppedAt {
  /** Of the request that failed: the numbers of its first and its last line in the input, from 1. */
  readonly firstLine: number;
  readonly lastLine: number;
  /** Nobody knows whether lines of it are in. */
  readonly mayBeStored: boolean;
}

/**
 * A batch that did not get through, with the exit code and the words of what ended it, which is its `cause`.
 *
 * Guarantee: every line of the batch before `firstLine` was acknowledged (`accepted`) or is named in `refused`; none behind `lastLine` was sent.
 */
export class BatchFailure extends Failure {
  constructor(
    readonly at: StoppedAt,
    readonly accepted: number,
    readonly refused: readonly Refused[],
    cause: unknown,
  ) {
    const { exitCode, message, hint } = failureOf(cause);
    super(exitCode, message, hint, { cause });
  }

  /** The same end of a command, with a sentence more about what to do. */
  saying(sentence: string): Failure {
    const hint = this.hint === null ? sentence : `${this.hint}\n${sentence}`;
    return new Failure(this.exitCode, this.message, hint, { cause: this });
  }
}

/** Which lines it was about, what became of them, and how to go on. */
export function stoppedInWords({ firstLine, lastLine, mayBeStored }: StoppedAt): string {
  const lines = firstLine === lastLine ? `line ${firstLine}` : `lines ${firstLine} to ${lastLine}`;
  const fate = mayBeStored
    ? 'which may be stored. Sending again is safe: where series and time are equal, the last write wins.'
    : 'and nothing of it was accepted.';
  return `The batch that failed held ${lines}, ${fate} Go on from line ${firstLine}.`;
}

const UNAVAILABLE = 503;
const SERVER_ERRORS = 500;

/**
 * Whether metrics may be stored whose sending ended so: no answer to what may have arrived, one that is not ingest-api's own, or one that says so.
 * Its other 503 all mean that nothing was taken in.
 */
export function mayHaveStored(thrown: unknown): boolean {
  if (thrown instanceof NoAnswer) return thrown.mayHaveArrived;
  if (!(thrown instanceof ApiProblem)) return true;
  const { status, code } = thrown;
  if (status === UNAVAILABLE) return code === 'delivery_unknown' || code === 'unknown';
  return status >= SERVER_ERRORS;
}
