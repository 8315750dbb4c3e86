import { connectSchemaRegistry, replayEventDecoder, replayEventEncoder } from '@weir/avro';
import { BatchConsumer, LogReader, TransactionalProducer } from '@weir/kafka';
import { Metrics } from '@weir/telemetry';
import { engines, eventually, uniqueName } from '@weir/testing';

import { AnswersView } from '../../src/replays/answers-view.js';
import { ChunkTransaction } from '../../src/replays/chunk-transaction.js';
import { DeadLetters } from '../../src/replays/dead-letters.js';
import { MAX_RECORD_BYTES } from '../../src/replays/judge.js';
import { PartitionReplayer, type PartitionReplayerParts } from '../../src/replays/partition-replayer.js';
import { ReplayMetrics } from '../../src/replays/replay-metrics.js';
import { connectionTo, type ReplayTopics } from './replay-topics.js';

interface MemberOptions {
  readonly admin?: PartitionReplayerParts['admin'];
  readonly bootstrapServers?: string;
  readonly requestTimeoutMs?: number;
  /** How long it waits for answers that an open transaction holds back. */
  readonly patienceMs?: number;
  readonly maxTransactionBytes?: number;
  readonly beforeCommit?: () => void;
  readonly beforeEvent?: () => void;
}

/** Replayers of partition 0 that all believe to own it, and the member of their group in whose name they commit. */
export class Members {
  private readonly group = uniqueName('replayer');
  private readonly registry = connectSchemaRegistry({ url: engines().schemaRegistry.url });
  private readonly encoder = replayEventEncoder(this.registry, { autoRegister: true });
  private readonly closing: (() => Promise<void>)[] = [];
  private readonly consumer: BatchConsumer;

  private constructor(private readonly topics: ReplayTopics) {
    this.consumer = new BatchConsumer(connectionTo(), {
      groupId: this.group,
      topics: [topics.commands],
      // Never resolves: only the transactions commit offsets.
      handler: () => new Promise(() => undefined),
    });
  }

  static async of(topics: ReplayTopics): Promise<Members> {
    const made = new Members(topics);
    await made.consumer.start();
    await eventually(() => made.consumer.assignment.length === 1, Boolean, { timeoutMs: 60_000 });
    return made;
  }

  replayer(options: MemberOptions = {}): PartitionReplayer {
    const { topics, group, encoder } = this;
    const { admin = topics.admin, bootstrapServers, requestTimeoutMs = 10_000, patienceMs = 15_000 } = options;
    const at = { topic: topics.events, partition: 0 };
    const producer = new WatchedProducer(
      connectionTo(bootstrapServers),
      {
        name: 'replay',
        transactionalId: `${group}-0`,
        compression: 'lz4',
        maxMessageBytes: MAX_RECORD_BYTES,
        requestTimeoutMs,
      },
      options,
    );
    const events = new LogReader(connectionTo(), { name: 'answers', patienceMs });
    const letters = new LogReader(connectionTo(), { name: 'dead-letters' });
    const told = {
      encode: (...values: Parameters<typeof encoder.encode>) => {
        options.beforeEvent?.();
        return encoder.encode(...values);
      },
    };
    const replayer = new PartitionReplayer(
      {
        producer,
        transaction: new ChunkTransaction(producer, {
          events: at,
          encoder: told,
          consumer: () => this.consumer,
          serviceName: 'dlq-replayer',
        }),
        answers: new AnswersView(events, replayEventDecoder(this.registry), at),
        deadLetters: new DeadLetters(letters, topics.admin, topics.dlq),
        admin,
        encoder,
        metrics: new ReplayMetrics(new Metrics()),
      },
      {
        partition: 0,
        groupId: group,
        commandsTopic: topics.commands,
        eventsTopic: topics.events,
        replayable: new Set([topics.raw]),
        maxTransactionBytes: options.maxTransactionBytes ?? 8_000_000,
      },
    );
    this.closing.push(async () => {
      await replayer.close(1_000);
      await Promise.all([events.close(), letters.close()]);
    });
    return replayer;
  }

  async close(): Promise<void> {
    await Promise.all(this.closing.map((close) => close()));
    await this.consumer.stop(200);
  }
}

/** Tells when it is about to commit. */
class WatchedProducer extends TransactionalProducer {
  constructor(
    connection: ConstructorParameters<typeof TransactionalProducer>[0],
    settings: ConstructorParameters<typeof TransactionalProducer>[1],
    private readonly watched: Pick<MemberOptions, 'beforeCommit'>,
  ) {
    super(connection, settings);
  }

  override commit(): Promise<void> {
    this.watched.beforeCommit?.();
    return super.commit();
  }
}
