import type { LibrdKafkaError } from '@confluentinc/kafka-javascript';
import { backoffMs, messageOf } from '@weir/errors';
import { setTimeout as wait } from 'node:timers/promises';

import { inWords, type Refusal, RefusalWatch } from '../refusal.js';
import { fatalError, NativeProducer, type NativeProducerHandlers, type ProducerSettings } from './native-producer.js';
import type { ClientLogLine, ProducerState } from './options.js';

export interface ProducerLinkHandlers extends Pick<NativeProducerHandlers, 'report' | 'log' | 'statistics'> {
  ready(client: NativeProducer): void;
  /** The client is dead: nothing that it still held will be reported. */
  failed(error: LibrdKafkaError): void;
  stateChanged(state: ProducerState, reason: string): void;
}

const BACKOFF = { minMs: 200, maxMs: 5_000 };
/** A client that served this long before it failed is replaced as quickly as the first. */
const SETTLED_MS = 30_000;
/** A client that may not write anything says so this long after it has connected, as it asks for its producer id. */
const PROVING_MS = 1_500;
/** How long a topic that may not be written counts as that after the last record that was refused; then the next one is to show. */
const FORBIDDEN_MS = 10_000;
const PROBE = { timeoutMs: 2_000, intervalMs: 1_000 };

// A connection attempt holds one of libuv's few threads while it waits, so it begins short and grows for slow networks.
const connectTimeoutMs = (attempt: number): number => Math.min(10_000, 1_000 * 2 ** Math.min(attempt - 1, 4));

/** Keeps one librdkafka producer connected: tries until a broker answers, and replaces a client that failed for good. */
export class ProducerLink {
  /** The client to produce on; null while there is none. */
  client: NativeProducer | null = null;
  readonly #settings: () => ProducerSettings;
  readonly #handlers: ProducerLinkHandlers;
  readonly #stopped = new AbortController();
  readonly #refusals = new RefusalWatch((refusal) => {
    if (this.client !== null) this.#probing ??= this.#probe(this.client, refusal);
  });
  #state: ProducerState = 'connecting';
  #refusal: Refusal | null = null;
  #probing: Promise<void> | null = null;
  #forbidden: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  /** Ends the service of the present client: with its fatal error, or with null to close it. */
  #end: (error: LibrdKafkaError | null) => void = () => undefined;

  /** `settings` is asked anew for each client, so that each has an id of its own. */
  constructor(settings: () => ProducerSettings, handlers: ProducerLinkHandlers) {
    this.#settings = settings;
    this.#handlers = handlers;
  }

  get state(): ProducerState {
    return this.#state;
  }

  /** Why the brokers do not let it in or let it write; null unless the state is `refused`. */
  get refusal(): Refusal | null {
    return this.#state === 'refused' ? this.#refusal : null;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** The brokers let the client in and refused records of this topic. */
  forbidden(topic: string): void {
    if (this.client === null) return;
    if (this.#forbidden === null)
      this.#refuse({ code: 'kafka_authorization_failed', why: `${topic} may not be written` });
    else clearTimeout(this.#forbidden);
    this.#forbidden = setTimeout(() => this.allowed(), FORBIDDEN_MS).unref();
  }

  /** Records were acknowledged, or it is time to try again. */
  allowed(): void {
    if (this.#forbidden === null) return;
    clearTimeout(this.#forbidden);
    this.#forbidden = null;
    if (this.client !== null && this.#state === 'refused') this.#enter('ready', 'may write again, or tries');
  }

  /** Takes no more from now on; `close` then lets go of the client. */
  stopAccepting(): void {
    this.#enter('closed', 'closed');
  }

  async close(): Promise<void> {
    this.stopAccepting();
    this.#stopped.abort();
    const serving = this.client !== null;
    this.#end(null);
    // A connection attempt under way is not waited for; it cleans up by itself.
    if (serving) await this.#running;
  }

  async #run(): Promise<void> {
    for (let attempt = 1; !this.#stopped.signal.aborted; attempt += 1) {
      const since = performance.now();
      await this.#serve(attempt);
      if (performance.now() - since > SETTLED_MS) attempt = 0;
      await wait(backoffMs(attempt, BACKOFF), undefined, { signal: this.#stopped.signal }).catch(() => undefined);
    }
  }

  /** One client from its connection to its end. */
  async #serve(attempt: number): Promise<void> {
    const ended = new Promise<LibrdKafkaError | null>((resolve) => {
      this.#end = resolve;
    });
    let client: NativeProducer;
    try {
      client = new NativeProducer(this.#settings(), {
        ...this.#handlers,
        fatal: this.#end,
        log: (line) => this.#logged(line),
      });
      await client.connect(connectTimeoutMs(attempt), this.#stopped.signal);
    } catch (error) {
      const refusal = this.#refusals.current;
      if (refusal === null) this.#handlers.stateChanged(this.#state, `no broker answered: ${messageOf(error)}`);
      else this.#refuse(refusal);
      return;
    }
    if (!this.#stopped.signal.aborted && (await this.#mayWrite(ended))) {
      this.client = client;
      this.#enter('ready', 'connected');
      this.#handlers.ready(client);
      const error = await ended;
      this.client = null;
      this.allowed();
      if (error !== null) {
        const refusal = this.#refusals.current;
        if (refusal === null) this.#enter('failed', messageOf(error.message));
        else this.#refuse(refusal);
        this.#handlers.failed(error);
      }
    }
    await this.#probing;
    await client.close();
  }

  #refuse(refusal: Refusal): void {
    this.#refusal = refusal;
    this.#enter('refused', inWords(refusal));
  }

  #logged(line: ClientLogLine): void {
    this.#refusals.heard(line.message);
    if (line.facility === 'FATAL') this.#end(fatalError(line.message));
    this.#handlers.log?.(line);
  }

  /** After a refusal for want of rights a connection alone proves nothing; it may also have come before the connection stood. */
  async #mayWrite(ended: Promise<unknown>): Promise<boolean> {
    const refusal = this.#refusals.current;
    if (refusal?.code === 'kafka_authorization_failed') {
      const refusedAgain = await Promise.race([ended.then(() => true), wait(PROVING_MS, false)]);
      if (refusedAgain) {
        this.#refuse(refusal);
        return false;
      }
    }
    this.#refusals.clear();
    return true;
  }

  /** Asks until some broker answers: only then may a client whose connections are refused be trusted with records again. Never rejects. */
  async #probe(client: NativeProducer, refusal: Refusal): Promise<void> {
    this.#handlers.stateChanged(this.#state, inWords(refusal));
    for (let answered = false; !answered && this.client === client;) {
      answered = await client.ping(PROBE.timeoutMs).then(
        () => true,
        () => false,
      );
      if (this.client !== client) break;
      if (answered && this.#state === 'refused') this.#enter('ready', 'connected');
      if (answered) this.#refusals.clear();
      else {
        if (this.#state !== 'refused') this.#refuse(refusal);
        await wait(PROBE.intervalMs);
      }
    }
    this.#probing = null;
  }

  #enter(state: ProducerState, reason: string): void {
    if (this.#state === 'closed') return;
    this.#state = state;
    this.#handlers.stateChanged(state, reason);
  }
}
