import { CommitLane, type CommitLaneHandlers } from './commit-lane.js';
import type { ProducerSettings } from './native-producer.js';
import type { PendingSend } from './pending-send.js';

export interface GroupCommitHandlers extends Omit<CommitLaneHandlers, 'free'> {
  /** No lane came to take it. */
  overdue(send: PendingSend): void;
}

/** While one lane waits for the brokers another takes what came meanwhile. */
const LANES = 3;
/** So that handing over an epoch holds the thread for some milliseconds at most. */
const EPOCH_RECORDS = 2_000;
/** A lane that needs longer than this for an epoch waits for brokers that are away. */
const MOVES_MS = 500;
/** So few records seldom touch the partition that an epoch waits for: while any lane does not move they go by themselves. */
const FEW_RECORDS = 10;

/**
 * Group commit: all sends that wait become one epoch of the next producer that is free, and are acknowledged together.
 *
 * What waits longer than brokers that are there would take is given back, since a lane can do nothing else until its epoch is decided.
 */
export class GroupCommit {
  readonly #from: number;
  readonly #lanes: readonly CommitLane[];
  readonly #overdue: (send: PendingSend) => void;
  #waiting: PendingSend[] = [];
  #planned = false;
  #patience: NodeJS.Timeout | null = null;

  /** Takes sends of `from` records or more, of one topic. */
  constructor(from: number, settings: () => ProducerSettings, handlers: GroupCommitHandlers) {
    this.#from = from;
    this.#overdue = (send) => handlers.overdue(send);
    const free = (): void => this.#dispatch();
    this.#lanes = Array.from({ length: LANES }, () => new CommitLane(settings, { ...handlers, free }));
  }

  get connected(): number {
    return this.#lanes.filter((lane) => lane.connected).length;
  }

  start(): void {
    for (const lane of this.#lanes) lane.start();
  }

  /** False where it is none for a group, or no lane is likely to take it soon; it then has to go another way. */
  add(send: PendingSend): boolean {
    if (send.count < this.#from || !send.single) return false;
    const moves = (lane: CommitLane): boolean => lane.moves(MOVES_MS);
    if (!(send.count < FEW_RECORDS ? this.#lanes.every(moves) : this.#lanes.some(moves))) return false;
    this.#waiting.push(send);
    this.#patience ??= setTimeout(() => this.#giveBack(), MOVES_MS).unref();
    if (!this.#planned) {
      this.#planned = true;
      setImmediate(() => {
        this.#planned = false;
        this.#dispatch();
      });
    }
    return true;
  }

  stopAccepting(): void {
    for (const lane of this.#lanes) lane.stopAccepting();
  }

  async close(): Promise<void> {
    this.#stopWaiting();
    await Promise.all(this.#lanes.map((lane) => lane.close()));
  }

  #dispatch(): void {
    for (const lane of this.#lanes) {
      if (this.#waiting.length === 0) break;
      if (lane.free) void lane.commit(this.#nextEpoch());
    }
    if (this.#waiting.length === 0) this.#stopWaiting();
  }

  #nextEpoch(): readonly PendingSend[] {
    let records = 0;
    let sends = 0;
    for (const { count } of this.#waiting) {
      if (sends > 0 && records + count > EPOCH_RECORDS) break;
      records += count;
      sends += 1;
    }
    return this.#waiting.splice(0, sends);
  }

  /** Those that have waited too long; behind them are others that may still have their turn. */
  #giveBack(): void {
    const now = performance.now();
    const inTime = this.#waiting.findIndex(({ startedAt }) => now - startedAt < MOVES_MS);
    const overdue = this.#waiting.splice(0, inTime < 0 ? this.#waiting.length : inTime);
    const [next] = this.#waiting;
    this.#patience =
      next === undefined ? null : setTimeout(() => this.#giveBack(), next.startedAt + MOVES_MS - now).unref();
    for (const send of overdue) this.#overdue(send);
  }

  #stopWaiting(): void {
    if (this.#patience !== null) clearTimeout(this.#patience);
    this.#patience = null;
  }
}
