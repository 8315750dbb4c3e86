import { classify, KafkaAdminError } from '@weir/errors';
import type { KafkaAdmin } from '@weir/kafka';
import { Rounds } from '@weir/nest-service';
import type { TopicDefinition } from '@weir/topics';
import type { Logger } from '@weir/telemetry';

import type { Call } from '../access/call.js';
import { WEIR } from '../audit/audit-trail.js';
import type { Messages } from '../messages/messages.js';
import type { PublishedTopic, Republished, Republishing } from './republishing.js';

/** Times in milliseconds. */
export interface TenantsTopicOptions {
  /** `tenants`, and what else is written, under their names on the brokers. */
  readonly tenants: TopicDefinition;
  readonly written: readonly TopicDefinition[];
  readonly intervalMs?: number;
}

// What was told is in the outbox first: an empty topic is only one that lost its records where it has had time to get them.
const TOLD_BY_NOW_MS = 30_000;

/**
 * Watches over the topic `tenants`: where it is missing, empty or another one than was told, it is made, and told all again.
 *
 * Other topics that the outbox is published to are made again where they vanish, since their messages would hold up those of
 * tenants; what was in them is gone, and the log says so.
 */
export class TenantsTopic {
  private readonly rounds: Rounds;
  private failedWith = '';

  constructor(
    /** Null while Kafka is disabled. */
    private readonly admin: KafkaAdmin | null,
    private readonly republishing: Republishing,
    private readonly messages: Messages,
    private readonly logger: Logger,
    private readonly options: TenantsTopicOptions,
  ) {
    this.rounds = new Rounds(() => this.look(), options.intervalMs ?? 5_000);
  }

  /** Looks at once, and then every few seconds. Brokers may be away. */
  start(): void {
    if (this.admin === null) return;
    this.rounds.start(0);
  }

  async stop(): Promise<void> {
    await this.rounds.stop();
    await this.admin?.close();
  }

  /** As an operator asks for it. Rejects with a KafkaAdminError where the topic cannot be made. */
  async republish(call: Call): Promise<Republished> {
    const republished = await this.republishing.republish(await this.ensured(this.connected()), {
      ...call,
      status: call.successStatus,
    });
    call.recorded = true;
    return republished;
  }

  private connected(): KafkaAdmin {
    if (this.admin === null) throw new KafkaAdminError('Kafka is disabled.', { code: 'kafka_disabled' });
    return this.admin;
  }

  /** Never rejects. */
  private async look(): Promise<void> {
    try {
      const admin = this.connected();
      const topic = await this.ensured(admin);
      const why = await this.lostBy(admin, topic);
      if (why === null) return;
      const { tenants } = await this.republishing.republish(topic, {
        ...WEIR,
        action: 'tenants.republish',
        status: 200,
      });
      this.logger.warn({ ...topic, tenants, why }, 'The tenants topic is told all tenants again');
      this.failedWith = '';
    } catch (thrown) {
      const error = classify(thrown);
      if (error.code !== this.failedWith) this.logger.warn({ error }, 'The tenants topic cannot be looked after');
      this.failedWith = error.code;
    }
  }

  /** Why the topic does not hold what was told; null where it does. */
  private async lostBy(admin: KafkaAdmin, { topic, topicId }: PublishedTopic): Promise<string | null> {
    const told = await this.republishing.lastTold(topic);
    if (told === null) return 'it was never told';
    if (told.topicId !== topicId) return 'it was made anew';
    if (Date.now() - told.at.getTime() < TOLD_BY_NOW_MS) return null;
    const marks = await admin.watermarks([topic]);
    return marks.every(({ low, high }) => low === high) ? 'it is empty' : null;
  }

  /** Makes the topics that are missing, and answers which `tenants` is there. */
  private async ensured(admin: KafkaAdmin): Promise<PublishedTopic> {
    this.messages.assertReady();
    const { tenants, written } = this.options;
    const there = await admin.describeTopics(written.map(({ name }) => name));
    const missing = written.filter(({ name }) => there.every((topic) => topic.name !== name));
    const made = missing.length === 0 ? [] : await admin.ensureTopics(missing);
    if (made.length > 0)
      this.logger.warn({ topics: made.map(({ name }) => name) }, 'Topics were missing, and are made');
    const topicId = [...there, ...made].find(({ name }) => name === tenants.name)?.topicId ?? null;
    if (topicId === null)
      throw new KafkaAdminError(`The topic ${tenants.name} is not there.`, { code: 'topic_missing' });
    return { topic: tenants.name, topicId };
  }
}
