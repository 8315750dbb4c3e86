import kafka, {
  type GlobalConfig,
  type IAdminClient,
  type LibrdKafkaError,
  type Metadata,
} from '@confluentinc/kafka-javascript';
import { setTimeout as wait } from 'node:timers/promises';

import type { KafkaConnection } from '../../connection.js';
import { clientSettings } from '../client-settings.js';
import { nativeCall } from '../native-call.js';
import { RefusalWatch } from '../refusal.js';
import { adminError } from './admin-errors.js';

type Done<T> = (error: LibrdKafkaError | null | undefined, value: T) => void;

/** librdkafka's admin client has this from its base class, and its declarations lack it. */
interface WithMetadata {
  getMetadata(options: { timeout: number; allTopics: boolean }, done: Done<Metadata>): void;
}

const CLOSE_TIMEOUT_MS = 5_000;

/**
 * Most calls go to the controller, as the metadata name it. One that is dead is connected to without a pause for as long as a call waits for
 * it (librdkafka 2.15: whoever waits for a broker by its id expedites its reconnecting), which takes a whole processor; so a new one is asked
 * for every ten seconds, and not every five minutes.
 *
 * Others go to any broker that is connected, and one that stands still is connected until a request to it has taken too long: with librdkafka's
 * default all calls may fail for a minute, each after its own time, and a consumer that waits for one of them reads nothing. Nor has anyone use for an
 * answer once the call that wanted it is over. Brokers are given as much to make or delete topics (it is librdkafka's default for them).
 */
const settings = (connection: KafkaConnection, timeoutMs: number): GlobalConfig => ({
  ...clientSettings(connection),
  'topic.metadata.refresh.interval.ms': 10_000,
  'socket.timeout.ms': timeoutMs,
});

/** librdkafka's admin client as promises: made at the first call, and let go only once no call is under way. */
export class NativeAdmin {
  readonly #connection: KafkaConnection;
  readonly #timeoutMs: number;
  readonly #refusals = new RefusalWatch();
  #client: IAdminClient | null = null;
  #underway = 0;
  #closed = false;

  /** `timeoutMs` is what its calls have. */
  constructor(connection: KafkaConnection, timeoutMs: number) {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
  }

  /** Rejects with KafkaAdminError that names the operation. */
  async call<T>(operation: string, start: (client: IAdminClient, done: Done<T>) => void): Promise<T> {
    this.#underway += 1;
    try {
      const client = this.#open();
      const answer = await nativeCall<T>((done) => start(client, done));
      this.#refusals.clear();
      return answer;
    } catch (error) {
      throw adminError(operation, error, this.#refusals.current);
    } finally {
      this.#underway -= 1;
    }
  }

  /** Brokers that are alive, and every topic. */
  metadata(timeoutMs: number): Promise<Metadata> {
    return this.call('metadata', (client, done) => {
      if (!hasMetadata(client)) throw new TypeError('this version of the client tells no metadata');
      client.getMetadata({ timeout: timeoutMs, allTopics: true }, done);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const deadline = Date.now() + CLOSE_TIMEOUT_MS;
    while (this.#underway > 0 && Date.now() < deadline) await wait(5);
    // A call that is still under way holds a pointer to the client: it is left to the process's end then.
    if (this.#underway === 0) this.#client?.disconnect();
    this.#client = null;
  }

  #open(): IAdminClient {
    if (this.#closed) throw new TypeError('the admin client is closed');
    this.#client ??= kafka.AdminClient.create(settings(this.#connection, this.#timeoutMs), {
      'event.log': ({ message }: { message: string }) => this.#refusals.heard(message),
    });
    return this.#client;
  }
}

const hasMetadata = (client: IAdminClient): client is IAdminClient & WithMetadata =>
  typeof Reflect.get(client, 'getMetadata') === 'function';
