import type { ConsumerState, Notifier } from './options.js';

/** What the parts of a consumer know about its condition. */
export interface Condition {
  stopped: boolean;
  /** A code that needs someone to act, or null. */
  failed: string | null;
  stalled: boolean;
  kafkaReachable: boolean;
  /** Code of the reason why the brokers do not let the client in, or null; it counts while they cannot be reached. */
  refused: string | null;
  /** The brokers let the client in and do not let it read the topic, join the group or commit. */
  forbidden: boolean;
  /** Code of the error that the batch in progress waits for, or null. */
  batchWaits: string | null;
  /** Code of the error that the start offsets wait for, or null. */
  startsWait: string | null;
  topicMissing: boolean;
  paused: boolean;
  /** A member of the group, with or without partitions. */
  joined: boolean;
  assigned: number;
}

const INITIAL: Condition = {
  stopped: false,
  failed: null,
  stalled: false,
  kafkaReachable: true,
  refused: null,
  forbidden: false,
  batchWaits: null,
  startsWait: null,
  topicMissing: false,
  paused: false,
  joined: false,
  assigned: 0,
};

/** Sums the condition up as one state, and tells when that changes. */
export class StateBoard {
  private condition = INITIAL;
  private current: ConsumerState = { status: 'starting', since: Date.now(), assigned: 0 };

  constructor(private readonly notify: Notifier) {}

  get state(): ConsumerState {
    return this.current;
  }

  report(news: Partial<Condition>): void {
    const letIn = news.kafkaReachable === true && { refused: null };
    this.condition = { ...this.condition, ...letIn, ...news };
    const { status, reason } = summary(this.condition);
    const { assigned } = this.condition;
    const same = status === this.current.status && reason === this.current.reason;
    if (same && assigned === this.current.assigned) return;
    const since = same ? this.current.since : Date.now();
    this.current = { status, since, assigned, ...(reason !== undefined && { reason }) };
    this.notify('stateChanged', this.current);
  }
}

function summary(c: Condition): Pick<ConsumerState, 'status' | 'reason'> {
  if (c.stopped) return { status: 'stopped' };
  if (c.failed !== null) return { status: 'failed', reason: c.failed };
  if (!c.kafkaReachable && c.refused !== null) return { status: 'failed', reason: c.refused };
  if (c.forbidden) return { status: 'failed', reason: 'kafka_authorization_failed' };
  if (c.stalled) return { status: 'failed', reason: 'stalled' };
  const reason =
    (c.kafkaReachable ? null : 'kafka_unavailable') ??
    c.batchWaits ??
    c.startsWait ??
    (c.topicMissing ? 'topic_missing' : null) ??
    (c.paused ? 'paused' : null);
  if (reason !== null) return { status: 'waiting', reason };
  return { status: c.joined ? 'running' : 'starting' };
}
