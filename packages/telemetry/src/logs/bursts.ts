import { isError } from './describe-error.js';

/** A line as whoever writes it hands it over. */
export interface LogLine {
  readonly level: number;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

export type WriteLine = (line: LogLine) => void;

export interface BurstOptions {
  /** How many equal lines are written before the rest is counted; 3 unless given. */
  readonly first?: number;
  /** How long equal lines are counted before the newest of them is written; 10 s unless given. */
  readonly windowMs?: number;
  /** Each window of a burst that goes on is twice as long, up to this; 60 s unless given. */
  readonly longestWindowMs?: number;
  /** How many kinds of lines are watched at once; 500 unless given. What comes beyond is written as it is. */
  readonly kinds?: number;
}

interface Burst {
  /** Lines since the window began. */
  seen: number;
  windowMs: number;
  since: number;
  /** The newest of those that were not written. */
  held: { readonly line: LogLine; readonly write: WriteLine; readonly count: number } | null;
  timer: NodeJS.Timeout;
}

const open = new Set<Bursts>();
let isExitWatched = false;

/**
 * Summarises bursts: of lines that differ in numbers alone the first few are written, and then for each window the newest, with
 * `repeated` (how many it stands for) and `repeatedForMs`. Nothing is left out of the log that is not counted in it.
 *
 * A broker that is away makes a client say so many times a second for hours; that must neither fill disks nor hide other lines.
 */
export class Bursts {
  private readonly bursts = new Map<string, Burst>();
  private readonly first: number;
  private readonly windowMs: number;
  private readonly longestWindowMs: number;
  private readonly kinds: number;

  constructor({ first = 3, windowMs = 10_000, longestWindowMs = 60_000, kinds = 500 }: BurstOptions = {}) {
    this.first = first;
    this.windowMs = windowMs;
    this.longestWindowMs = longestWindowMs;
    this.kinds = kinds;
  }

  /** Writes the line now, or counts it. */
  take(line: LogLine, write: WriteLine): void {
    const kind = kindOf(line);
    const burst = this.bursts.get(kind) ?? this.begin(kind);
    if (burst === null) {
      write(line);
      return;
    }
    burst.seen += 1;
    if (burst.seen <= this.first && burst.windowMs === this.windowMs) write(line);
    else burst.held = { line, write, count: (burst.held?.count ?? 0) + 1 };
  }

  /** Writes what is held, as where the process ends. */
  flush(): void {
    for (const burst of this.bursts.values()) {
      clearTimeout(burst.timer);
      summarise(burst);
    }
    this.bursts.clear();
    open.delete(this);
  }

  private begin(kind: string): Burst | null {
    if (this.bursts.size >= this.kinds) return null;
    const { windowMs } = this;
    const burst: Burst = { seen: 0, windowMs, since: performance.now(), held: null, timer: this.after(kind, windowMs) };
    this.bursts.set(kind, burst);
    open.add(this);
    watchExit();
    return burst;
  }

  private after(kind: string, windowMs: number): NodeJS.Timeout {
    return setTimeout(() => this.windowEnded(kind), windowMs).unref();
  }

  private windowEnded(kind: string): void {
    const burst = this.bursts.get(kind);
    if (burst === undefined) return;
    if (burst.held === null) {
      this.bursts.delete(kind);
      if (this.bursts.size === 0) open.delete(this);
      return;
    }
    summarise(burst);
    const windowMs = Math.min(burst.windowMs * 2, this.longestWindowMs);
    Object.assign(burst, { seen: 0, windowMs, since: performance.now(), timer: this.after(kind, windowMs) });
  }
}

function summarise(burst: Burst): void {
  if (burst.held === null) return;
  const { line, write, count } = burst.held;
  burst.held = null;
  const repeatedForMs = Math.round(performance.now() - burst.since);
  write({ ...line, fields: { ...line.fields, repeated: count, repeatedForMs } });
}

/** Fields that tell lines of one text apart. */
const TELLING = ['context', 'topic', 'path', 'tenant', 'reason', 'code'] as const;

/** Equal are lines of one level whose text, error and telling fields differ in numbers alone. */
function kindOf({ level, fields, message }: LogLine): string {
  const { error } = fields;
  const told = isError(error) ? [error.name, codeOf(error), error.message] : [];
  const texts = [message, ...TELLING.map((name) => fields[name]), ...told].map((part) =>
    typeof part === 'string' || typeof part === 'number' ? String(part).slice(0, LONGEST_PART) : '',
  );
  return `${level} ${texts.join('\n').replaceAll(/\d+/g, '#')}`;
}

const LONGEST_PART = 300;

const codeOf = (error: object): unknown => ('code' in error ? error.code : undefined);

function watchExit(): void {
  if (isExitWatched) return;
  isExitWatched = true;
  process.once('exit', () => {
    for (const bursts of open) bursts.flush();
  });
}
