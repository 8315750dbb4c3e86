import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { type PostedMetric, sampleAt, type Workload } from '../../support/workload.js';
import { Fates, Journal, type Verdict } from './journal.js';

export interface LoadOptions {
  /** An ingest-api; of several each copy of a batch goes to the next. */
  readonly url: string | readonly string[];
  readonly apiKey: string;
  readonly clients?: number;
  readonly batchSize?: number;
  /** How long a client waits after each answer. */
  readonly pauseMs?: number;
  /** What is posted instead of a sample as it is, for tests of what clients do wrong; `copy` is 0 for the first time that it is posted. */
  readonly shape?: (sample: PostedMetric, n: number, copy: number) => PostedMetric;
  /** How often each batch is posted, each time after the answer to the time before. */
  readonly copies?: number;
  /** Of the earliest sample, in epoch milliseconds; an hour ago unless given. */
  readonly startMs?: number;
  /** Whether batches come in any order of time, and the samples in each too. */
  readonly shuffled?: boolean;
}

const ANSWER_TIMEOUT_MS = 40_000; // longer than ingest-api takes at most
const SERIES = 200;
/** So many batches change places with one another. */
const SHUFFLED_BATCHES = 32;
let newest = 0;

/**
 * Clients that post without end, and write down what they were told.
 *
 * Nothing is sent again after a failure: each sample stands for itself, and one whose fate its client never learned may be stored or not.
 */
export class Load {
  readonly workload: Workload;
  readonly journalFile = join(mkdtempSync(join(tmpdir(), 'weir-faults-')), 'journal.ndjson');
  private readonly journal = new Journal(this.journalFile);
  private readonly ending = new AbortController();
  private readonly running: Promise<void>;
  private readonly options: Required<LoadOptions>;
  private readonly starts: Iterator<number, never>;
  private readonly statuses = new Map<number, number>();
  private acceptedCount = 0;
  private failure: Error | null = null;
  private ended: Promise<Fates> | null = null;

  private constructor(options: LoadOptions) {
    this.options = { ...defaults(), ...options };
    newest += 1;
    // A second later with each round of the series: what began an hour ago is never in the future.
    this.workload = { metric: `load_${newest}`, samples: 0, seriesCount: SERIES, startMs: this.options.startMs };
    this.starts = startsOf(this.options);
    this.running = Promise.all(Array.from({ length: this.options.clients }, () => this.client())).then(() => undefined);
  }

  static start(options: LoadOptions): Load {
    return new Load(options);
  }

  /** Samples that were accepted so far. */
  get accepted(): number {
    return this.acceptedCount;
  }

  /** How many answers had this status so far. */
  answers(status: number): number {
    return this.statuses.get(status) ?? 0;
  }

  /** Resolves once all answers have come; rejects where one was not of those that a client may get. */
  stop(): Promise<Fates> {
    this.ended ??= this.end();
    return this.ended;
  }

  private async end(): Promise<Fates> {
    this.ending.abort();
    await this.running;
    this.journal.close();
    if (this.failure !== null) throw this.failure;
    return Fates.read(this.journalFile);
  }

  private async client(): Promise<void> {
    const { batchSize, copies, pauseMs } = this.options;
    while (!this.ending.signal.aborted) {
      const from: number = this.starts.next().value;
      for (let copy = 0; copy < copies; copy += 1) await this.post(from, from + batchSize, copy);
      await wait(pauseMs);
    }
  }

  private async post(from: number, to: number, copy: number): Promise<void> {
    const { apiKey, shape, shuffled } = this.options;
    const urls = [this.options.url].flat();
    const body = numbersOf(from, to, shuffled).map((n) => shape(sampleAt(this.workload, n), n, copy));
    this.journal.write(from, to, 'sent');
    try {
      const response = await fetch(`${urls[copy % urls.length]}/api/v1/metrics`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-api-key': apiKey },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
      });
      this.tell(from, to, response, await response.text());
    } catch {
      this.journal.write(from, to, 'unknown'); // the connection broke: nobody told us
    }
  }

  private tell(from: number, to: number, { status, headers }: Response, answer: string): void {
    const write = (verdict: Verdict): void => this.journal.write(from, to, verdict);
    this.statuses.set(status, this.answers(status) + 1);
    if (status === 202) {
      write('accepted');
      this.acceptedCount += to - from;
    } else if ((status === 503 || status === 429) && Number(headers.get('retry-after')) > 0)
      write(answer.includes('delivery_unknown') ? 'unknown' : 'refused');
    else {
      write('unknown');
      this.failure ??= new Error(`${status} ${answer.slice(0, 500)}`);
    }
  }
}

const defaults = () => ({
  clients: 4,
  batchSize: 50,
  pauseMs: 100,
  shape: (sample: PostedMetric) => sample,
  copies: 1,
  startMs: Math.floor(Date.now() / 1000) * 1000 - 3_600_000,
  shuffled: false,
});

/** The first number of each batch, without end. */
function* startsOf({ batchSize, shuffled }: Required<LoadOptions>): Generator<number, never> {
  for (let batch = 0; ; batch += SHUFFLED_BATCHES)
    yield* numbersOf(batch, batch + SHUFFLED_BATCHES, shuffled).map((each) => each * batchSize);
}

/** From one number to before another, in any order where they are shuffled. */
function numbersOf(from: number, to: number, shuffled: boolean): number[] {
  const numbers = Array.from({ length: to - from }, (_, i) => ({ n: from + i, place: shuffled ? Math.random() : i }));
  return numbers.toSorted((a, b) => a.place - b.place).map(({ n }) => n);
}
