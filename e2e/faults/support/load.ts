import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { type PostedMetric, sampleAt, type Workload } from '../../support/workload.js';
import { Fates, Journal, type Verdict } from './journal.js';

export interface LoadOptions {
  readonly url: string;
  readonly apiKey: string;
  readonly clients?: number;
  readonly batchSize?: number;
  /** How long a client waits after each answer. */
  readonly pauseMs?: number;
  /** What is posted instead of a sample as it is, for tests of what clients do wrong. */
  readonly shape?: (sample: PostedMetric, n: number) => PostedMetric;
  /** How often each batch is posted. */
  readonly copies?: number;
}

const ANSWER_TIMEOUT_MS = 40_000; // longer than ingest-api takes at most
const SERIES = 200;
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
  private next = 0;
  private acceptedCount = 0;
  private failure: Error | null = null;

  private constructor(options: LoadOptions) {
    this.options = { clients: 4, batchSize: 100, pauseMs: 20, shape: (sample) => sample, copies: 1, ...options };
    newest += 1;
    // An hour ago at the start, a second later with each round of the series: never in the future.
    this.workload = { metric: `load_${newest}`, samples: 0, seriesCount: SERIES, startMs: anHourAgo() };
    this.running = Promise.all(Array.from({ length: this.options.clients }, () => this.client())).then(() => undefined);
  }

  static start(options: LoadOptions): Load {
    return new Load(options);
  }

  /** Samples that were accepted so far. */
  get accepted(): number {
    return this.acceptedCount;
  }

  /** Resolves once all answers have come; rejects where one was not of those that a client may get. */
  async stop(): Promise<Fates> {
    this.ending.abort();
    await this.running;
    this.journal.close();
    if (this.failure !== null) throw this.failure;
    return Fates.read(this.journalFile);
  }

  private async client(): Promise<void> {
    const { batchSize, copies, pauseMs } = this.options;
    while (!this.ending.signal.aborted) {
      const from = this.next;
      this.next += batchSize;
      for (let copy = 0; copy < copies; copy += 1) await this.post(from, from + batchSize);
      await wait(pauseMs);
    }
  }

  private async post(from: number, to: number): Promise<void> {
    const { url, apiKey, shape } = this.options;
    const body = Array.from({ length: to - from }, (_, i) => shape(sampleAt(this.workload, from + i), from + i));
    this.journal.write(from, to, 'sent');
    try {
      const response = await fetch(`${url}/api/v1/metrics`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-api-key': apiKey },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
      });
      const answer = await response.text();
      this.tell(from, to, response.status, answer);
    } catch {
      this.journal.write(from, to, 'unknown'); // the connection broke: nobody told us
    }
  }

  private tell(from: number, to: number, status: number, answer: string): void {
    const write = (verdict: Verdict): void => this.journal.write(from, to, verdict);
    if (status === 202) {
      write('accepted');
      this.acceptedCount += to - from;
    } else if (status === 503 || status === 429) write(answer.includes('delivery_unknown') ? 'unknown' : 'refused');
    else {
      write('unknown');
      this.failure ??= new Error(`${status} ${answer.slice(0, 500)}`);
    }
  }
}

const anHourAgo = (): number => Math.floor(Date.now() / 1000) * 1000 - 3_600_000;
