import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit, Optional } from '@nestjs/common';
import { retry } from '@weir/errors';
import { KafkaAdmin, type TopicReport } from '@weir/kafka';
import { type CheckResult, HealthRegistry } from '@weir/telemetry';

import { KafkaMetrics } from './kafka-metrics.js';
import { KAFKA_OPTIONS, type KafkaModuleOptions } from './kafka-options.js';

const BACKOFF = { minMs: 250, maxMs: 5_000 };
const PING_TIMEOUT_MS = 1_500;

/**
 * Makes the app's topics as soon as the brokers can be asked, and tells at `/health/kafka` which are missing or other than the registry
 * wants them. A topic that is there is never altered. The app starts meanwhile: whoever needs a topic waits for it.
 */
@Injectable()
export class KafkaTopics implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('Kafka');
  private readonly ending = new AbortController();
  private admin: KafkaAdmin | null = null;
  private reports: readonly TopicReport[] | null = null;

  constructor(
    @Inject(KAFKA_OPTIONS) private readonly options: KafkaModuleOptions,
    private readonly metrics: KafkaMetrics,
    @Optional() private readonly health?: HealthRegistry,
  ) {}

  onModuleInit(): void {
    // What an app can do without Kafka it goes on doing: producers and consumers speak for their own readiness.
    this.health?.register({ name: 'kafka', readiness: false, check: () => this.check() });
    if (!this.options.enabled) return;
    this.admin = new KafkaAdmin(this.options.connection, {
      observer: { operation: (name, status) => this.metrics.adminOperation(name, status === 'success') },
    });
    void this.ensure(this.admin);
  }

  async onApplicationShutdown(): Promise<void> {
    this.ending.abort();
    await this.admin?.close();
  }

  private get definitions() {
    const { topics, app } = this.options;
    return (app === undefined ? topics.all : topics.of(app)).map((definition) => topics.resolved(definition));
  }

  /** Never rejects: it tries until the brokers answer or the app ends. */
  private async ensure(admin: KafkaAdmin): Promise<void> {
    try {
      const reports = await retry(() => admin.ensureTopics(this.definitions), {
        ...BACKOFF,
        signal: this.ending.signal,
        onRetry: (error, attempt) => {
          if (attempt === 1) this.logger.warn(`Topics are not ensured yet: ${error.message}`);
        },
      });
      this.reports = reports;
      for (const { name, status, problem } of reports)
        if (status === 'missing' || status === 'drift') this.logger.warn(`Topic ${name}: ${problem ?? status}`);
    } catch (error) {
      if (!this.ending.signal.aborted) this.logger.error('Topics could not be ensured', error);
    }
  }

  private async check(): Promise<CheckResult> {
    if (this.admin === null) return { status: 'degraded', enabled: false };
    const { brokerCount, topics } = await this.admin.ping(PING_TIMEOUT_MS);
    const wanted = this.definitions.map(({ name }) => name);
    const missing = wanted.filter((name) => !topics.includes(name));
    const drift = (this.reports ?? [])
      .filter(({ status }) => status === 'drift')
      .map((r) => ({ topic: r.name, drift: r.drift }));
    return {
      status: missing.length > 0 || drift.length > 0 ? 'degraded' : 'healthy',
      broker_count: brokerCount,
      topic_count: topics.length,
      existing_topics: wanted.filter((name) => topics.includes(name)),
      missing_topics: missing,
      drift,
    };
  }
}
