import { setTimeout as wait } from 'node:timers/promises';

import { backoffMs, messageOf } from '@weir/errors';

import type { Ingested } from '../../api/answers.js';
import type { HttpApi } from '../../api/http-api.js';
import { ApiProblem, NoAnswer } from '../../api/problem.js';
import { EXIT } from '../../exit-codes.js';
import { Failure } from '../../failures.js';
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

/**
 * Sends batches to ingest-api, one after the other.
 *
 * Guarantee: what `send` answers as accepted was acknowledged; a batch whose answer was lost is sent again, which is safe, since a series has one
 * value at a time. A request to wait (`Retry-After`) is honoured. Rejects where a batch as a whole is refused, or patience is over.
 */
export class Sender {
  private hasAnswered = false;

  constructor(
    private readonly api: HttpApi,
    private readonly options: SenderOptions,
  ) {}

  async send({ lines, unreadable }: Batch): Promise<Sent> {
    const broken = unreadable.map(({ number }) => ({
      line: number,
      code: 'invalid_json',
      detail: 'The line is no JSON.',
    }));
    if (lines.length === 0) return { accepted: 0, refused: broken };
    const { accepted, refused } = await this.post(lines);
    return { accepted, refused: [...broken, ...refused].toSorted((a, b) => a.line - b.line) };
  }

  private async post(lines: readonly Line[]): Promise<Sent> {
    const body = `[${lines.map(({ text }) => text).join(',')}]`;
    const until = performance.now() + this.options.patienceMs;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const answer = await this.api.sendText<Ingested>(PATH, body, []);
        this.hasAnswered = true;
        return sentOf(lines, answer);
      } catch (thrown) {
        const pauseMs = this.pauseAfter(thrown, attempt);
        if (pauseMs !== null && performance.now() + pauseMs < until) {
          this.options.onPause(messageOf(thrown), pauseMs);
          await wait(pauseMs, undefined, { signal: this.options.signal });
          continue;
        }
        if (!(thrown instanceof ApiProblem)) throw thrown;
        if (thrown.status === ALL_REFUSED && Array.isArray(thrown.problem['rejected']))
          return sentOf(lines, thrown.problem);
        if (thrown.status === TOO_LARGE && lines.length > 1) return this.inHalves(lines);
        throw thrown;
      }
    }
  }

  /** Null where waiting helps nobody. Who has never answered is told about at once: the address is more likely wrong than busy. */
  private pauseAfter(thrown: unknown, attempt: number): number | null {
    if (thrown instanceof NoAnswer) return this.hasAnswered ? backoffMs(attempt, BACKOFF) : null;
    if (!(thrown instanceof ApiProblem) || !RETRIED.has(thrown.status) || HOPELESS.has(thrown.code)) return null;
    this.hasAnswered = true;
    return thrown.retryAfterMs === null ? backoffMs(attempt, BACKOFF) : thrown.retryAfterMs + backoffMs(1, BACKOFF);
  }

  private async inHalves(lines: readonly Line[]): Promise<Sent> {
    const middle = Math.ceil(lines.length / 2);
    const first = await this.post(lines.slice(0, middle));
    const second = await this.post(lines.slice(middle));
    return { accepted: first.accepted + second.accepted, refused: [...first.refused, ...second.refused] };
  }
}

/** Throws Failure where the answer does not account for every line: whatever gave it, nobody knows that they are in. */
function sentOf(lines: readonly Line[], { accepted = 0, rejected = [] }: Ingested): Sent {
  if (accepted + rejected.length !== lines.length)
    throw new Failure(
      EXIT.failed,
      `Of ${lines.length} metrics the answer accounts for ${accepted + rejected.length}: it is not that of ingest-api.`,
      'Something between here and there may have answered. Sending again is safe.',
    );
  return {
    accepted,
    refused: rejected.map(({ index, code, detail }) => ({ line: lines[index]?.number ?? 0, code, detail })),
  };
}
