import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

/** What a client heard of a range of its samples. `unknown`: no answer, or one that leaves open what became of them. */
export type Verdict = 'sent' | 'accepted' | 'refused' | 'unknown';

interface Line {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  readonly verdict: Verdict;
}

/** What every sample that was sent was told, on disk before anything else is done about it. */
export class Journal {
  private readonly descriptor: number;
  private closed = false;

  constructor(readonly file: string) {
    this.descriptor = openSync(file, 'a', 0o600);
  }

  write(from: number, to: number, verdict: Verdict): void {
    const line: Line = { from, to, verdict };
    writeSync(this.descriptor, `${JSON.stringify(line)}\n`);
  }

  /** Closed twice is closed once: by then the descriptor may be another file's. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    closeSync(this.descriptor);
  }
}

const ORDER: readonly Verdict[] = ['sent', 'refused', 'unknown', 'accepted'];

/** What each sample has to be held against: the best that its client heard. */
export class Fates {
  private constructor(private readonly byNumber: Uint8Array) {}

  /** Of a sample that was posted several times the answer counts that promises most. */
  static read(file: string): Fates {
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    const parsed = lines.filter((text) => text !== '').map((text) => JSON.parse(text) as Line);
    const fates = new Uint8Array(parsed.reduce((most, { to }) => Math.max(most, to), 0)).fill(NEVER_SENT);
    for (const { from, to, verdict } of parsed) {
      const rank = ORDER.indexOf(verdict);
      for (let n = from; n < to; n += 1) if (fates[n] === NEVER_SENT || rank > (fates[n] ?? 0)) fates[n] = rank;
    }
    return new Fates(fates);
  }

  get length(): number {
    return this.byNumber.length;
  }

  of(n: number): Verdict | 'never sent' {
    return ORDER[this.byNumber[n] ?? NEVER_SENT] ?? 'never sent';
  }

  count(verdict: Verdict): number {
    const rank = ORDER.indexOf(verdict);
    return this.byNumber.reduce((sum, fate) => sum + Number(fate === rank), 0);
  }
}

const NEVER_SENT = 255;
