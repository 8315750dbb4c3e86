import { setTimeout as wait } from 'node:timers/promises';

import { backoffMs, messageOf } from '@weir/errors';

import type { Ingested } from '../../api/answers.js';
import type { HttpApi } from '../../api/http-api.js';
import { ApiProblem, NoAnswer } from '../../api/problem.js';
import { EXIT } from '../../exit-codes.js';
import { Failure } from '../../failures.js';
import { BatchFailure, mayHaveStored } from './batch-failure.js';
import type { Batch, Line } from './batches.js';

/** A sample that was refused: on which line it stood, and why. */
export interface Refused {
  readonly line: number;
  readonly code: string;
  readonly detail: string;
}

export interface Sent {
  readonly accepted: number;
  readonly refused: readonly Refused[];
}

export interface SenderOptions {
  /** How long one batch may wait for a service that is away or asks to wait. */
  readonly patienceMs: number;
  readonly signal: AbortSignal;
  /** Told before each pause. */
  readonly onPause: (why: string, pauseMs: number) => void;
}

const TOO_LARGE = 413;
const ALL_REFUSED = 422;
const RETRIED = new Set([408, 429, 503]);
/** Past this a 429 says that it will never get through: more series than the tenant may have. */
const HOPELESS = new Set(['series_limited']);
const BACKOFF = { minMs: 250, maxMs: 5_000 };
const PATH = '/api/v1/metrics';

/** Lines that go in one request. */
interface Part {
  readonly lines: readonly Line[];
  /** Whether a try that failed may have stored some of them. */
  mayBeStored: boolean;
}

/**
 * Sends batches to ingest-api, one after the other.
 *
 * Guarantee: what `send` answers as accepted was acknowledged; a batch whose answer was lost is sent again, which is safe, since a series has one
 * value at a time. A request to wait (`Retry-After`) is honoured. Rejects with BatchFailure where a batch as a whole is refused, patience is over, or
 * the signal fired.
 */
export class Sender {
  private hasAnswered = false;

  constructor(
    private readonly api: HttpApi,
    private readonly options: SenderOptions,
  ) {}

  async send({ lines, unreadable }: Batch): Promise<Sent> {
    let accepted = 0;
    const refused: Refused[] = unreadable.map(({ number }) => ({
      line: number,
      code: 'invalid_json',
      detail: 'The line is no JSON.',
    }));
    const parts: Part[] = lines.length === 0 ? [] : [{ lines, mayBeStored: false }];
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
      try {
        const sent = await this.post(part);
        if (sent === 'too large') parts.unshift(...halvesOf(part));
        else {
          accepted += sent.accepted;
          refused.push(...sent.refused);
        }
      } catch (thrown) {
        throw this.failure(part, thrown, { accepted, refused });
      }
    }
    return { accepted, refused: refused.toSorted(byLine) };
  }

  private async post(part: Part): Promise<Sent | 'too large'> {
    const { lines } = part;
    const body = `[${lines.map(({ text }) => text).join(',')}]`;
    const until = performance.now() + this.options.patienceMs;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const answer = await this.api.sendText<Ingested>(PATH, body, []);
        this.hasAnswered = true;
        return sentOf(part, answer);
      } catch (thrown) {
        if (thrown instanceof ApiProblem) {
          if (thrown.status === ALL_REFUSED && Array.isArray(thrown.problem['rejected']))
            return sentOf(part, thrown.problem);
          if (thrown.status === TOO_LARGE && lines.length > 1) return 'too large';
        }
        part.mayBeStored ||= mayHaveStored(thrown);
        const pauseMs = this.pauseAfter(thrown, attempt);
        if (pauseMs === null || performance.now() + pauseMs >= until) throw thrown;
        this.options.onPause(messageOf(thrown), pauseMs);
        await wait(pauseMs, undefined, { signal: this.options.signal });
      }
    }
  }

  private failure({ lines, mayBeStored }: Part, thrown: unknown, { accepted, refused }: Sent): BatchFailure {
    const firstLine = lines[0]?.number ?? 0;
    const at = { firstLine, lastLine: lines.at(-1)?.number ?? firstLine, mayBeStored };
    const before = refused.filter(({ line }) => line < firstLine).toSorted(byLine);
    const { signal } = this.options;
    return new BatchFailure(at, accepted, before, signal.aborted ? signal.reason : thrown); // a pause ends with an AbortError of its own
  }

  /** Null where waiting helps nobody. Who has never answered is told about at once: the address is more likely wrong than busy. */
  private pauseAfter(thrown: unknown, attempt: number): number | null {
    if (thrown instanceof NoAnswer) return this.hasAnswered ? backoffMs(attempt, BACKOFF) : null;
    if (!(thrown instanceof ApiProblem) || !RETRIED.has(thrown.status) || HOPELESS.has(thrown.code)) return null;
    this.hasAnswered = true;
    return thrown.retryAfterMs === null ? backoffMs(attempt, BACKOFF) : thrown.retryAfterMs + backoffMs(1, BACKOFF);
  }
}

/** In the order of the input. */
function halvesOf({ lines, mayBeStored }: Part): Part[] {
  const middle = Math.ceil(lines.length / 2);
  return [lines.slice(0, middle), lines.slice(middle)].map((half) => ({ lines: half, mayBeStored }));
}

const byLine = (one: Refused, other: Refused): number => one.line - other.line;

/** Throws Failure where the answer does not account for every line: whatever gave it, nobody knows that they are in. */
function sentOf(part: Part, { accepted = 0, rejected = [] }: Ingested): Sent {
  const { lines } = part;
  if (accepted + rejected.length !== lines.length) {
    part.mayBeStored = true;
    throw new Failure(
      EXIT.failed,
      `Of ${lines.length} metrics the answer accounts for ${accepted + rejected.length}: it is not that of ingest-api.`,
      'Something between here and there may have answered.',
    );
  }
  return {
    accepted,
    refused: rejected.map(({ index, code, detail }) => ({ line: lines[index]?.number ?? 0, code, detail })),
  };
}
