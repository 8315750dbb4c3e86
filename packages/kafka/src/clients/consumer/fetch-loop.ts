import type { Message } from '@confluentinc/kafka-javascript';

import type { ConsumedRecord } from '../../records.js';
import { toConsumedRecord } from '../consumed-record.js';
import type { AssignedPartition } from './assigned-partition.js';
import type { Assignment } from './assignment.js';
import type { NativeClient } from './native-client.js';
import type { RecordBuffer, Run } from './record-buffer.js';
import { Wake } from './wake.js';

/** With nothing to read the client is polled this often all the same: rebalances are seen by polling. */
const IDLE_POLL_MS = 100;
/**
 * Most records of one call. Their objects are made on the main thread, as is what is found out as they come: thousands in one go would hold up
 * the handler's own input and output, which is then waited for in turn instead of beside it.
 */
const MAX_POLL_RECORDS = 500;
/**
 * Few records of many megabytes fill the buffer as many small ones do: past this nothing more is taken. One call may bring as much again as
 * the client has fetched ahead (`queued.max.messages.kbytes`).
 */
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;
/** A handler that takes longer than this with a full buffer behind it is polled beside, with the partitions paused. */
const HOLD_AFTER_MS = 500;

export interface FetchLoopHooks {
  /** May this partition be read? */
  readable(owner: AssignedPartition): boolean;
  /** Records came that are kept. */
  fetched(records: readonly ConsumedRecord[]): void;
  /** Called after each poll, with how many records came. No consume call is under way then. */
  polled(received: number): void;
  /** The client rejected a consume call. */
  failed(error: unknown): void;
}

/**
 * The only place that calls `consume`, and the owner of the client's positions.
 *
 * Whatever moves them (assign, unassign, seek, pause, resume) runs through `between`, while no consume call is under way. So a record that a call
 * returns always belongs to the stretch of its partition that is current then: a call under way during a pause or a
 * reassignment would return records that have no place any more.
 */
export class FetchLoop {
  readonly wake = new Wake();
  private urgencies = 0;
  private readonly commands: (() => Promise<void>)[] = [];
  private lastPollAt = 0;
  private ending = false;
  private running = false;

  constructor(
    private readonly client: Pick<NativeClient, 'consume' | 'pause' | 'resume' | 'seek'>,
    private readonly assignment: Assignment,
    private readonly buffer: RecordBuffer,
    private readonly capacity: number,
    private readonly hooks: FetchLoopHooks,
  ) {}

  /** Runs `change` while no consume call is under way. Rejects with what it throws. */
  between<T>(change: () => T | Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const command = async (): Promise<void> => {
        try {
          resolve(await change());
        } catch (error) {
          reject(error);
        }
      };
      if (this.ending && !this.running) void command();
      else this.commands.push(command);
      this.wake.call();
    });
  }

  /**
   * Does `work`, which waits for what only polling brings, as the answer to a commit: meanwhile a full buffer is no reason to put polling
   * off. Several may overlap, as a revocation and a close do.
   */
  async urgently<T>(work: () => Promise<T>): Promise<T> {
    this.urgencies += 1;
    this.wake.call();
    try {
      return await work();
    } finally {
      this.urgencies -= 1;
    }
  }

  /** Polls until `end`. Never rejects. */
  async run(): Promise<void> {
    this.running = true;
    while (!this.ending) {
      await this.runCommands();
      const received = await this.poll();
      if (received === 0) await this.wake.wait(IDLE_POLL_MS);
    }
    do await this.runCommands();
    while (this.commands.length > 0);
    this.running = false;
  }

  get ended(): boolean {
    return this.ending;
  }

  end(): void {
    this.ending = true;
    this.wake.call();
  }

  private async runCommands(): Promise<void> {
    for (let next = this.commands.shift(); next !== undefined; next = this.commands.shift()) await next();
  }

  private async poll(): Promise<number> {
    const room = this.capacity - this.buffer.size;
    const full = room <= 0 || this.buffer.bytes >= MAX_BUFFERED_BYTES;
    // Pausing throws away what the client has fetched ahead, so a full buffer first just waits for the handler.
    if (full && this.urgencies === 0 && Date.now() - this.lastPollAt < HOLD_AFTER_MS) return 0;
    if (!full) this.lastPollAt = Date.now();
    try {
      this.applyPauses(full);
      const messages = await this.client.consume(full ? 1 : Math.min(room, MAX_POLL_RECORDS));
      const received = await this.accept(messages);
      this.hooks.polled(received);
      return received;
    } catch (error) {
      this.hooks.failed(error);
      return 0;
    }
  }

  private applyPauses(full: boolean): void {
    const changed = [...this.assignment].filter(
      (owner) => owner.pausedInClient !== (full || !this.hooks.readable(owner)),
    );
    if (changed.length === 0) return;
    const toResume = changed.filter((owner) => owner.pausedInClient);
    const toPause = changed.filter((owner) => !owner.pausedInClient);
    if (toPause.length > 0) this.client.pause(toPause);
    if (toResume.length > 0) this.client.resume(toResume);
    for (const owner of changed) owner.pausedInClient = !owner.pausedInClient;
  }

  private async accept(messages: readonly Message[]): Promise<number> {
    const putBack = new Set<AssignedPartition>();
    for (const run of this.runsOf(messages)) {
      if (putBack.has(run.owner)) continue;
      if (run.owner.pausedInClient && (await this.putBack(run))) putBack.add(run.owner);
      else this.keep(run);
    }
    return messages.length;
  }

  private keep(run: Run): void {
    this.buffer.push(run);
    this.hooks.fetched(run.records);
  }

  /** Those that follow one another and are of one partition. What is of none that is assigned is left out. */
  private *runsOf(messages: readonly Message[]): Generator<Run> {
    let run: { owner: AssignedPartition; records: ConsumedRecord[] } | undefined;
    for (const message of messages) {
      if (run === undefined || run.owner.partition !== message.partition || run.owner.topic !== message.topic) {
        if (run !== undefined) yield run;
        const owner = this.assignment.get(message.topic, message.partition);
        run = owner === undefined ? undefined : { owner, records: [] };
      }
      run?.records.push(toConsumedRecord(message));
    }
    if (run !== undefined) yield run;
  }

  /**
   * Lets the client read them again once their partition is resumed; false where it cannot, and then they are to be kept.
   *
   * It passes over a pause, without a word, for a partition of a topic whose metadata it has not taken in yet (rd_kafka_toppars_pause_resume:
   * "skipped: unknown partition"), as happens right after an assignment.
   */
  private async putBack({ owner, records }: Run): Promise<boolean> {
    const { topic, partition } = owner;
    try {
      this.client.pause([owner]);
      await this.client.seek({ topic, partition, offset: records[0]?.offset ?? 0 }); // last: after it they come again
      return true;
    } catch {
      return false;
    }
  }
}
