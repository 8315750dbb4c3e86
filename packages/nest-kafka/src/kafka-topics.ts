import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit, Optional } from '@nestjs/common';
import { classify, KafkaAdminError, retry, type WeirError } from '@weir/errors';
import { KafkaAdmin, type TopicReport } from '@weir/kafka';
import { type CheckResult, HealthRegistry } from '@weir/telemetry';
import type { TopicDefinition } from '@weir/topics';

import { KafkaMetrics } from './kafka-metrics.js';
import { KAFKA_OPTIONS, type KafkaModuleOptions } from './kafka-options.js';

const BACKOFF = { minMs: 250, maxMs: 5_000 };
const PING_TIMEOUT_MS = 1_500;
const FORBIDDEN = 'kafka_authorization_failed';
/** How old a comparison with the registry may get before a health check has it made anew. */
const REPORTS_FRESH_MS = 5_000;

/**
 * Makes the app's topics as soon as the brokers can be asked, and tells at `/health/kafka` which are missing or other than the registry
 * wants them. A topic that is there is never altered, and one that goes missing later is not made again: its records are gone, and
 * somebody has to know. The app starts meanwhile: whoever needs a topic waits for it.
 */
@Injectable()
export class KafkaTopics implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('Kafka');
  private readonly ending = new AbortController();
  private readonly definitions: readonly TopicDefinition[];
  private admin: KafkaAdmin | null = null;
  private reports: readonly TopicReport[] = [];
  /** What the brokers forbid, so that topics cannot be made or looked at; null where nothing is. */
  private forbidden: WeirError | null = null;
  /** By the monotonic clock; null until the topics were ensured. */
  private comparedAt: number | null = null;

  constructor(
    @Inject(KAFKA_OPTIONS) private readonly options: KafkaModuleOptions,
    private readonly metrics: KafkaMetrics,
    @Optional() private readonly health?: HealthRegistry,
  ) {
    const { topics, app } = options;
    this.definitions = (app === undefined ? topics.all : topics.of(app)).map((each) => topics.resolved(each));
  }

  onModuleInit(): void {
    // What an app can do without Kafka it goes on doing: producers and consumers speak for their own readiness.
    this.health?.register({ name: 'kafka', readiness: false, check: () => this.check() });
    if (!this.options.enabled) return;
    this.health?.register({ name: 'kafka-access', readiness: true, check: () => this.checkAccess() });
    this.admin = new KafkaAdmin(this.options.connection, { observer: this.metrics.adminObserver() });
    void this.ensure(this.admin);
  }

  async onApplicationShutdown(): Promise<void> {
    this.ending.abort();
    await this.admin?.close();
  }

  /** Never rejects: it tries until the brokers answer or the app ends. */
  private async ensure(admin: KafkaAdmin): Promise<void> {
    try {
      let told = '';
      await retry(() => this.make(admin), {
        ...BACKOFF,
        signal: this.ending.signal,
        onRetry: (error) => {
          if (error.code !== told) this.logger.warn(`Topics are not ensured yet: ${error.code}: ${error.message}`);
          told = error.code;
        },
      });
      for (const report of this.reports)
        if (report.status === 'missing' || report.status === 'drift') this.logger.warn(inWords(report));
    } catch (error) {
      if (!this.ending.signal.aborted) this.logger.error('Topics could not be ensured', error);
    }
    this.comparedAt = performance.now();
  }

  /** Rejects while the brokers cannot be asked, or forbid it: others may give the right at any time. */
  private async make(admin: KafkaAdmin): Promise<void> {
    try {
      this.reports = await admin.ensureTopics(this.definitions);
      const refused = this.reports.find(({ status, code }) => status === 'missing' && code === FORBIDDEN);
      if (refused !== undefined) throw new KafkaAdminError(inWords(refused), { code: FORBIDDEN });
      this.forbidden = null;
    } catch (thrown) {
      const error = classify(thrown);
      this.forbidden = error.code === FORBIDDEN ? error : null;
      throw error;
    }
  }

  private checkAccess(): CheckResult {
    const { forbidden } = this;
    if (forbidden === null) return { status: 'healthy' };
    return { status: 'unhealthy', code: forbidden.code, error: forbidden.message };
  }

  private async check(): Promise<CheckResult> {
    if (this.admin === null) return { status: 'degraded', enabled: false };
    const { brokerCount, topics } = await this.admin.ping(PING_TIMEOUT_MS);
    void this.compareAgain(this.admin);
    const wanted = this.definitions.map(({ name }) => name);
    const missing = wanted.filter((name) => !topics.includes(name));
    const drift = this.reports
      .filter(({ name, status }) => status === 'drift' && topics.includes(name))
      .map(({ name, drift: settings }) => ({ topic: name, drift: settings }));
    const degraded = missing.length > 0 || drift.length > 0;
    return {
      ...(degraded ? { status: 'degraded' } : { status: 'healthy' }),
      ...(this.forbidden !== null && this.checkAccess()),
      broker_count: brokerCount,
      topic_count: topics.length,
      existing_topics: wanted.filter((name) => topics.includes(name)),
      missing_topics: missing,
      drift,
    };
  }

  /** In the background, for the next check: what an operator has mended since is not to be told for ever. Never rejects. */
  private async compareAgain(admin: KafkaAdmin): Promise<void> {
    if (this.comparedAt === null || performance.now() - this.comparedAt < REPORTS_FRESH_MS) return;
    this.comparedAt = performance.now();
    try {
      this.reports = await admin.ensureTopics(this.definitions, { create: false });
      this.forbidden = null;
    } catch (thrown) {
      const error = classify(thrown);
      if (error.code === FORBIDDEN && this.forbidden === null)
        this.logger.warn(`Topics cannot be looked at: ${error.code}: ${error.message}`);
      this.forbidden = error.code === FORBIDDEN ? error : this.forbidden;
      this.logger.debug(`Topics could not be compared: ${error.message}`);
    }
  }
}

function inWords({ name, status, problem, drift }: TopicReport): string {
  const settings = drift.map(({ setting, wanted, actual }) => `${setting} is ${actual} instead of ${wanted}`);
  return `Topic ${name} is ${status === 'drift' ? `not as it should be: ${settings.join(', ')}` : `missing: ${problem}`}`;
}
