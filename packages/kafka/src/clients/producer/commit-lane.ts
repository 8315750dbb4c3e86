import type { LibrdKafkaError } from '@confluentinc/kafka-javascript';
import kafka from '@confluentinc/kafka-javascript';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';

import { errorName, isPatched, type NativeProducer, type ProducerSettings } from './native-producer.js';
import type { PendingSend } from './pending-send.js';
import { ProducerLink } from './producer-link.js';

const { ERR__STATE } = kafka.CODES.ERRORS;

export interface CommitLaneHandlers {
  /** Hands the records of a send to the client. False: it took none of them, and the send is settled. */
  produce(client: NativeProducer, send: PendingSend): boolean;
  /** All of them are in the log of all in-sync replicas; with a code, it is not known what of them is. */
  settled(sends: readonly PendingSend[], code: string | null): void;
  /** A record was not acknowledged. */
  failed(error: LibrdKafkaError, topic: string): void;
  free(): void;
}

/** What makes a producer one that tells of errors alone, and sends nothing before `flush` says so. */
const LANE_SETTINGS = {
  'delivery.report.only.error': true,
  'linger.ms': 20, // longer than it takes to hand over an epoch
  'statistics.interval.ms': 0, // they would be those of the producer beside it once more
} as const satisfies ProducerSettings;

/** A patched client ends `flush` as all is there; a published one looks each 10 ms whether it is, or sooner where its time is over. */
const FLUSH_MS = { patched: 50, published: 2 };
/** For so long it is asked again at once: a thread of libuv's pool each time, which others need where brokers are away. */
const BRISK_MS = 250;
const SLOW_MS = 25;

/**
 * A producer that takes sends by the epoch, and acknowledges all of an epoch by one `flush`.
 *
 * librdkafka's report of a single record costs more than all else of it. Here only records that failed are reported: what was handed over
 * and not reported once `flush` is over is in the log of all in-sync replicas.
 *
 * A report and the end of `flush` reach JavaScript by different ways. But `flush` passes reports on before it ends, from the same thread, and
 * the event loop takes both in one turn; so the first report is there a turn later, if there is any. (There is no polling in the background,
 * where a thread of its own passes them on, and a thousand had arrived only to 800 when `flush` ended.) Which records the others were nobody
 * says: one error leaves the whole epoch unknown.
 */
export class CommitLane {
  readonly #link: ProducerLink;
  readonly #handlers: CommitLaneHandlers;
  #busySince: number | null = null;
  #errors = 0;
  #lastError = '';
  /** Ends the wait for a client that is dead. */
  #dead: () => void = () => undefined;

  constructor(settings: () => ProducerSettings, handlers: CommitLaneHandlers) {
    this.#handlers = handlers;
    this.#link = new ProducerLink(() => ({ ...settings(), ...LANE_SETTINGS }), {
      report: (error, _opaque, topic) => {
        if (error !== null) this.#failed(error, topic);
      },
      ready: () => handlers.free(),
      failed: () => this.#dead(),
      stateChanged: () => undefined,
    });
  }

  get connected(): boolean {
    return this.#link.client !== null;
  }

  /** Whether it is connected and has no epoch under way. */
  get free(): boolean {
    return this.connected && this.#busySince === null;
  }

  /** Whether it is connected, and moves. */
  moves(withinMs: number): boolean {
    return this.connected && (this.#busySince === null || performance.now() - this.#busySince < withinMs);
  }

  start(): void {
    this.#link.start();
  }

  stopAccepting(): void {
    this.#link.stopAccepting();
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  /** Sends them, settles them, and is free again then. To be called where it is free. */
  async commit(sends: readonly PendingSend[]): Promise<void> {
    const { client } = this.#link;
    if (client === null) return;
    this.#busySince = performance.now();
    this.#errors = 0;
    this.#lastError = '';
    const died = new Promise<boolean>((resolve) => {
      this.#dead = () => resolve(false);
    });
    const produced = sends.filter((send) => this.#handlers.produce(client, send));
    const alive = produced.length === 0 || (await Promise.race([this.#flushed(client), died]));
    const isKnown = alive && this.#errors === 0;
    this.#handlers.settled(produced, isKnown ? null : this.#lastError || errorName(ERR__STATE));
    if (!isKnown) await this.#quiet();
    this.#busySince = null;
    this.#handlers.free();
  }

  #failed(error: LibrdKafkaError, topic: string): void {
    this.#errors += 1;
    this.#lastError = errorName(error.code);
    this.#handlers.failed(error, topic);
  }

  /** True once nothing of the epoch is under way and what failed is told; false where the client cannot say. */
  async #flushed(client: NativeProducer): Promise<boolean> {
    const since = performance.now();
    const flushMs = isPatched() ? FLUSH_MS.patched : FLUSH_MS.published;
    try {
      for (let isBrisk = true; !(await client.flush(isBrisk ? flushMs : 0));) {
        isBrisk = performance.now() - since < BRISK_MS;
        if (!isBrisk) await wait(SLOW_MS);
      }
    } catch {
      return false;
    }
    // One would do. The second costs nothing beside the epoch.
    await nextTurn();
    await nextTurn();
    return true;
  }

  /** The rest of an epoch's errors come a hundred a turn, and are none of the next one's. */
  async #quiet(): Promise<void> {
    for (let seen = -1; seen !== this.#errors; await nextTurn()) seen = this.#errors;
  }
}
