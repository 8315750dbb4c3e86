import { messageOf } from '@weir/errors';

/** Why brokers that are there do not let a client in. */
export interface Refusal {
  readonly code: 'kafka_authentication_failed' | 'kafka_tls_failed' | 'kafka_authorization_failed';
  /** librdkafka's own words. */
  readonly why: string;
}

/** What librdkafka writes to its log, by what it means. The first that fits counts; null: the brokers are just away. */
const MEANINGS: readonly (readonly [RegExp, Refusal['code'] | null])[] = [
  [/Connect to \S+ failed|Failed to resolve|Connection refused/u, null],
  [/authorization failed|not authorized/iu, 'kafka_authorization_failed'],
  [/SASL \S*\s?(?:authentication|handshake)|^authentication failure$/iu, 'kafka_authentication_failed'],
  [/SSL handshake failed|certificate verify failed|SSL routines|^ssl error$|error:[0-9A-F]{8}:/u, 'kafka_tls_failed'],
];

/**
 * What a client's log tells of why the brokers do not let it in.
 *
 * The calls themselves say in every such case that no broker answered in time, and the error events of the binding have lost their
 * number; librdkafka's log alone says whether it was the password or the certificate.
 */
export class RefusalWatch {
  #current: Refusal | null = null;

  /** `told` is called with each refusal that is another than the last. */
  constructor(private readonly told: (refusal: Refusal) => void = () => undefined) {}

  /** Null where the brokers have not refused, or are merely away now. */
  get current(): Refusal | null {
    return this.#current;
  }

  /** A line of the client's log, or the message of one of its error events. */
  heard(line: string): void {
    const meaning = MEANINGS.find(([words]) => words.test(line));
    if (meaning === undefined) return;
    const [, code] = meaning;
    const before = this.#current;
    this.#current = code === null ? null : { code, why: inShort(line) };
    if (this.#current !== null && this.#current.code !== before?.code) this.told(this.#current);
  }

  /** A broker has let the client in. */
  clear(): void {
    this.#current = null;
  }
}

export const inWords = ({ code, why }: Refusal): string => `${code}: ${why}`;

/** Without the thread and the broker's name twice before it, and the state of the connection after it. */
function inShort(line: string): string {
  return messageOf(line)
    .replace(/^\[thrd:[^\]]*\]: /u, '')
    .replace(/ \(after \d+ms in state [^)]*\)$/u, '')
    .replace(/ \(install ca-certificates package\)/u, '');
}
