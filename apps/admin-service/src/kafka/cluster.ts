import type { OnApplicationShutdown } from '@nestjs/common';
import { KafkaAdminError } from '@weir/errors';
import type { KafkaAdmin, LogReader } from '@weir/kafka';

/** How long brokers are waited for in one call of an operator, whatever it asks of them. */
const DEADLINE_MS = 8_000;

/** The clients by which operators look at the cluster. */
export interface ClusterClients {
  readonly admin: KafkaAdmin;
  readonly log: LogReader;
}

/**
 * The way to the brokers for what operators look at: an answer, or `kafka_unavailable` within seconds, and never a hang.
 *
 * The clients are its own, so that a look that takes long holds up nothing else.
 */
export class Cluster implements OnApplicationShutdown {
  constructor(
    /** Null while Kafka is disabled. */
    private readonly clients: ClusterClients | null,
    private readonly deadlineMs = DEADLINE_MS,
  ) {}

  /** Rejects with what `work` rejects with, or with KafkaAdminError `kafka_unavailable`, `kafka_disabled`. */
  async ask<T>(work: (clients: ClusterClients, signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.clients === null) throw new KafkaAdminError('Kafka is disabled.', { code: 'kafka_disabled' });
    const signal = AbortSignal.timeout(this.deadlineMs);
    const late = new Promise<never>((_, reject) => {
      const onDeadline = (): void =>
        reject(new KafkaAdminError(`no answer within ${this.deadlineMs} ms`, { code: 'kafka_unavailable' }));
      signal.addEventListener('abort', onDeadline, { once: true });
    });
    return Promise.race([work(this.clients, signal), late]);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.clients?.log.close(), this.clients?.admin.close()]);
  }
}
