import { setTimeout as wait } from 'node:timers/promises';

import { classify } from '@weir/errors';

export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy';

/** What a check found; the details stand beside the status in the answer. Never a secret, never a stack. */
export interface CheckResult {
  readonly status: HealthStatus;
  readonly [detail: string]: unknown;
}

export interface HealthCheck {
  /** Part of the path: `kafka` is answered at `/health/kafka`. */
  readonly name: string;
  /** Whether the process can take no work while this is unhealthy. If not, an unhealthy check only degrades the whole. */
  readonly readiness: boolean;
  /** A real round trip. A rejection is `unhealthy`, and so is no answer within the limit. */
  readonly check: () => Promise<CheckResult> | CheckResult;
  /** 2 s unless given. */
  readonly timeoutMs?: number;
}

export interface HealthReport {
  readonly status: HealthStatus;
  readonly checks: Readonly<Record<string, CheckResult>>;
}

export interface ReadinessReport {
  readonly ready: boolean;
  /** Why it is not, as stable words: `starting`, `shutting_down`, or the names of the checks that fail. */
  readonly reasons: readonly string[];
  readonly checks: Readonly<Record<string, CheckResult>>;
}

type Phase = 'starting' | 'running' | 'shutting_down';

const FRESH_MS = 1_000;
const DEFAULT_TIMEOUT_MS = 2_000;
/** A check that never settles is given up after this, so that one lost answer doesn't hide a recovery for ever. */
const ABANDON_MS = 30_000;

/**
 * The health of one process: what it depends on, and whether it may take work.
 *
 * A check runs at most once a second however often it is asked for, and never twice at the same time, so probes cannot
 * hammer what they watch. Liveness is no matter of this class: it depends on nothing outside the process.
 */
export class HealthRegistry {
  private readonly checks = new Map<string, CachedCheck>();
  private phase: Phase = 'running';

  /** `now` in milliseconds of any monotonic clock. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Adds a check; one of the same name is replaced. */
  register(check: HealthCheck): void {
    this.checks.set(check.name, new CachedCheck(check, this.now));
  }

  /** Not ready until `started`: set by whoever starts the process. */
  starting(): void {
    this.phase = 'starting';
  }

  started(): void {
    if (this.phase === 'starting') this.phase = 'running';
  }

  /** Not ready from now on; there is no way back. */
  shuttingDown(): void {
    this.phase = 'shutting_down';
  }

  get isShuttingDown(): boolean {
    return this.phase === 'shutting_down';
  }

  get names(): readonly string[] {
    return [...this.checks.keys()];
  }

  /** The answer of one check; null where this process has none of that name. */
  async check(name: string): Promise<CheckResult | null> {
    return (await this.checks.get(name)?.result()) ?? null;
  }

  /** All checks. The whole is as bad as the worst readiness check; any other can degrade it at most. */
  async report(): Promise<HealthReport> {
    const found = await this.results([...this.checks.values()]);
    const failing = found.filter(({ result }) => result.status !== 'healthy');
    const down = failing.some(({ check, result }) => check.readiness && result.status === 'unhealthy');
    return {
      status: down ? 'unhealthy' : failing.length > 0 ? 'degraded' : 'healthy',
      checks: byName(found),
    };
  }

  /** Whether the process may take work. A degraded check does not stand in the way. */
  async readiness(): Promise<ReadinessReport> {
    const found = await this.results([...this.checks.values()].filter(({ check }) => check.readiness));
    const failing = found.filter(({ result }) => result.status === 'unhealthy').map(({ check }) => check.name);
    const reasons = this.phase === 'running' ? failing : [this.phase, ...failing];
    return { ready: reasons.length === 0, reasons, checks: byName(found) };
  }

  private results(checks: readonly CachedCheck[]): Promise<readonly Found[]> {
    return Promise.all(checks.map(async (cached) => ({ check: cached.check, result: await cached.result() })));
  }
}

interface Found {
  readonly check: HealthCheck;
  readonly result: CheckResult;
}

const byName = (found: readonly Found[]) => Object.fromEntries(found.map(({ check, result }) => [check.name, result]));

interface Try {
  readonly answer: Promise<CheckResult>;
  readonly since: number;
}

/** One check with its last answer, and the try that is under way. */
class CachedCheck {
  private last: { readonly result: CheckResult; readonly at: number } | null = null;
  private pending: Try | null = null;

  constructor(
    readonly check: HealthCheck,
    private readonly now: () => number,
  ) {}

  async result(): Promise<CheckResult> {
    if (this.last !== null && this.now() - this.last.at < FRESH_MS) return this.last.result;
    const underWay =
      this.pending !== null && this.now() - this.pending.since < ABANDON_MS ? this.pending : this.begin();
    const result = await this.withinLimit(underWay.answer);
    this.last = { result, at: this.now() };
    return result;
  }

  private begin(): Try {
    const answer = this.run();
    const pending = { answer, since: this.now() };
    this.pending = pending;
    void answer.finally(() => {
      if (this.pending === pending) this.pending = null;
    });
    return pending;
  }

  /** Never rejects. */
  private async run(): Promise<CheckResult> {
    try {
      return await this.check.check();
    } catch (thrown) {
      const { code, message } = classify(thrown);
      return { status: 'unhealthy', code, error: message };
    }
  }

  private async withinLimit(answer: Promise<CheckResult>): Promise<CheckResult> {
    const timeoutMs = this.check.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const answered = new AbortController();
    const late = async (): Promise<CheckResult> => {
      await wait(timeoutMs, undefined, { signal: answered.signal, ref: false });
      return { status: 'unhealthy', code: 'timeout', error: `no answer within ${timeoutMs} ms` };
    };
    const limit = late();
    try {
      return await Promise.race([answer, limit]);
    } finally {
      answered.abort();
      limit.catch(() => 'the answer came in time');
    }
  }
}
