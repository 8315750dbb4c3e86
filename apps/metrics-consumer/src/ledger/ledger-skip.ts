import { Logger } from '@nestjs/common';
import type { KafkaAdmin, LogProbe } from '@weir/kafka';
import type { MetricsStore } from '@weir/metrics-store';
import { ProblemException } from '@weir/nest-service';

import type { SettlementMetrics } from '../metrics/settlement-metrics.js';
import type { CatchUp } from './catch-up.js';
import type { SkipRequest } from './skip-request.js';

/** Answer of `POST /ledger/skip`: what is passed over, or would be. */
export interface SkipReport {
  readonly topic: string;
  readonly topic_id: string;
  readonly partition: number;
  /** The first offset passed over. */
  readonly from: number;
  /** The first offset that is not. */
  readonly to: number;
  readonly offsets: number;
  /** RFC 3339, of the first and the last record among them that Kafka still has; null where it has none. */
  readonly first_append_time: string | null;
  readonly last_append_time: string | null;
  /** False: nothing was changed. */
  readonly done: boolean;
}

/**
 * An operator's forward reset (guarantees, rule 10): moves the line of a partition and counts what lies between as `skipped`. The group's
 * committed offset follows by itself; moving that one alone skips nothing, since reading begins at the line.
 *
 * Exact beside running consumers: the line is moved under its lock, in a transaction of its own, from where it then stands.
 */
export class LedgerSkip {
  private readonly logger = new Logger('Ledger');

  /** `topic`: `metrics.raw`, as this installation calls it. */
  constructor(
    private readonly topic: string,
    private readonly store: Pick<MetricsStore, 'startOffsets' | 'transaction'>,
    private readonly admin: Pick<KafkaAdmin, 'describeTopics' | 'watermarks'>,
    private readonly log: Pick<LogProbe, 'appendTimes'>,
    private readonly metrics: Pick<SettlementMetrics, 'moved'>,
    private readonly catchUp: Pick<CatchUp, 'past'>,
  ) {}

  /**
   * Does what is asked for, or tells what it would do. `who`: for the log.
   *
   * Throws a problem where it is refused; StoreUnavailableError and KafkaError where a system is away: asked again, it is refused
   * (`skip_not_forward`) if the line was moved after all.
   */
  async skip(request: SkipRequest, who: string): Promise<SkipReport> {
    const { topic, partition, to } = request;
    const topicId = await this.topicIdOf(request);
    const [line] = await this.store.startOffsets([{ topic, topicId, partition }]);
    const from = line?.offset ?? 0;
    refuseToMove(request, from);
    const { firstMs, lastMs } = await this.log.appendTimes({ topic, partition }, from, to);
    const skippedFrom = request.confirm ? await this.move(request, topicId, who) : from;
    return {
      topic,
      topic_id: topicId,
      partition,
      from: skippedFrom,
      to,
      offsets: to - skippedFrom,
      first_append_time: timeOf(firstMs),
      last_append_time: timeOf(lastMs),
      done: request.confirm,
    };
  }

  /** Answers where the line stood. */
  private async move({ topic, partition, to, ...request }: SkipRequest, topicId: string, who: string): Promise<number> {
    let from = 0;
    await this.store.transaction([{ topic, topicId, partition, from: 0, to }], async (unit) => {
      from = unit.nextOf(topic, partition);
      refuseToMove({ topic, partition, to, ...request }, from);
      unit.account(topic, partition, { stored: 0, deadLettered: 0, gap: 0, skipped: to - from });
      this.logger.error(
        `An operator (${who}) skips ${to - from} offsets of ${topic}[${partition}], ${from} to ${to}: ${request.reason}`,
      );
      return Promise.resolve();
    });
    this.metrics.moved([{ topic, outcome: 'skipped', count: to - from }]);
    await this.catchUp.past([{ topic, partition, offset: to - 1 }]);
    return from;
  }

  private async topicIdOf({ topic, partition, to }: SkipRequest): Promise<string> {
    const [described] = topic === this.topic ? await this.admin.describeTopics([topic]) : [];
    const marks = described === undefined ? [] : await this.admin.watermarks([topic]);
    const mark = marks.find((each) => each.partition === partition);
    if (described === undefined || mark === undefined)
      throw new ProblemException({
        status: 404,
        code: 'partition_unknown',
        detail: `There is no partition ${partition} of ${topic} among what is stored here: see GET /ledger.`,
      });
    if (to > mark.high)
      throw new ProblemException({
        status: 409,
        code: 'skip_beyond_end',
        detail: `The partition ends at ${mark.high}: what is not there yet cannot be skipped.`,
        high_watermark: mark.high,
      });
    return described.topicId;
  }
}

function refuseToMove({ to, expectNext }: SkipRequest, next: number): void {
  if (expectNext !== null && expectNext !== next)
    throw new ProblemException({
      status: 409,
      code: 'ledger_moved',
      detail: `The line stands at ${next} and not at ${expectNext}.`,
      next,
    });
  if (to <= next)
    throw new ProblemException({
      status: 409,
      code: 'skip_not_forward',
      detail: `The line stands at ${next}: what lies below is settled.`,
      next,
    });
}

const timeOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
