import { type DynamicModule, Module } from '@nestjs/common';
import { replayChunkDecoder, replayEventDecoder, replayEventEncoder } from '@weir/avro';
import { KafkaAdmin, LogReader, TransactionalProducer } from '@weir/kafka';
import { BatchTransport, KafkaMetrics, SchemaRegistry } from '@weir/nest-kafka';
import { Metrics, Traces } from '@weir/telemetry';
import { dlqReplayCommands, dlqReplayEvents, metricsDlq, metricsRaw } from '@weir/topics';

import type { ReplayerConfig } from '../config.js';
import { AnswersView } from './answers-view.js';
import { ChunkTransaction } from './chunk-transaction.js';
import { CommandReader } from './command.js';
import { CommandsHandler } from './commands.handler.js';
import { DeadLetters } from './dead-letters.js';
import { MAX_RECORD_BYTES } from './judge.js';
import { PartitionReplayer } from './partition-replayer.js';
import { ReplayMetrics } from './replay-metrics.js';
import { Replayers } from './replayers.js';
import { TracedTransaction } from './traced-transaction.js';

/** Topics that dead letters come from, and are published back into. A dead letter topic is never among them. */
const REPLAYABLE = [metricsRaw];

/** dlq.replay.commands → dead letters by their coordinates → one transaction: their topics, dlq.replay.events, the command's offset. */
@Module({})
export class ReplaysModule {
  static forRoot(config: ReplayerConfig): DynamicModule {
    return {
      module: ReplaysModule,
      controllers: [CommandsHandler],
      providers: [
        {
          provide: CommandReader,
          inject: [SchemaRegistry],
          useFactory: ({ client }: SchemaRegistry) => new CommandReader(replayChunkDecoder(client)),
        },
        { provide: ReplayMetrics, inject: [Metrics], useFactory: (metrics: Metrics) => new ReplayMetrics(metrics) },
        {
          provide: Replayers,
          inject: [SchemaRegistry, BatchTransport, KafkaMetrics, ReplayMetrics, Traces],
          useFactory: (
            registry: SchemaRegistry,
            transport: BatchTransport,
            kafkaMetrics: KafkaMetrics,
            metrics: ReplayMetrics,
            traces: Traces | null,
          ) => replayers(config, registry, transport, kafkaMetrics, metrics, traces),
        },
      ],
    };
  }
}

function replayers(
  { kafka, topics, service, schemaRegistry, replaying }: ReplayerConfig,
  { client }: SchemaRegistry,
  transport: BatchTransport,
  kafkaMetrics: KafkaMetrics,
  metrics: ReplayMetrics,
  traces: Traces | null,
): Replayers {
  const { connection, consumerGroup: groupId } = kafka;
  const admin = new KafkaAdmin(connection, { observer: kafkaMetrics.adminObserver() });
  const events = new LogReader(connection, { name: 'answers' });
  const letters = new LogReader(connection, { name: 'dead-letters' });
  const decoder = replayEventDecoder(client);
  const encoder = replayEventEncoder(client, { autoRegister: schemaRegistry.autoRegister });
  const deadLetters = new DeadLetters(letters, admin, topics.name(metricsDlq));
  const options = {
    groupId,
    commandsTopic: topics.name(dlqReplayCommands),
    eventsTopic: topics.name(dlqReplayEvents),
    replayable: new Set(REPLAYABLE.map((topic) => topics.name(topic))),
    maxTransactionBytes: replaying.maxTransactionBytes,
  };
  const make = (partition: number): PartitionReplayer => {
    const at = { topic: options.eventsTopic, partition };
    const producer = new TransactionalProducer(connection, {
      name: `replay-${partition}`,
      transactionalId: `${groupId}-${partition}`,
      compression: kafka.compression,
      maxMessageBytes: MAX_RECORD_BYTES,
      transactionTimeoutMs: replaying.transactionTimeoutMs,
      // Whoever waits for an end longer than the transaction can last waits in vain.
      requestTimeoutMs: replaying.transactionTimeoutMs,
    });
    const untraced = new ChunkTransaction(producer, {
      events: at,
      encoder,
      consumer: () => transport.consumer(dlqReplayCommands),
      serviceName: service.name,
    });
    const transaction = traces === null ? untraced : new TracedTransaction(traces, untraced);
    const answers = new AnswersView(events, decoder, at);
    return new PartitionReplayer(
      { producer, transaction, answers, deadLetters, admin, encoder, metrics },
      { ...options, partition },
    );
  };
  return new Replayers(make, [events, letters, admin]);
}
