import type { Provider } from '@nestjs/common';
import { replayEventDecoder, type SchemaRegistryClient } from '@weir/avro';
import { type BatchConsumer, KafkaAdmin, LogReader } from '@weir/kafka';
import { BatchTransport, KafkaMetrics } from '@weir/nest-kafka';
import { LOGGER } from '@weir/nest-service';
import type { Logger } from '@weir/telemetry';
import { dlqReplayEvents, metricsDlq, metricsRaw, type TopicDefinition } from '@weir/topics';

import { AuditTrail } from '../audit/audit-trail.js';
import type { AdminConfig } from '../config.js';
import { Database } from '../database/database.js';
import { DeadLetterIndex } from '../dead-letters/dead-letter-index.js';
import { DeadLetters } from '../dead-letters/dead-letters.js';
import { DeadLettersController } from '../dead-letters/dead-letters.controller.js';
import { DeadLettersHandler } from '../dead-letters/dead-letters.handler.js';
import { Discards } from '../dead-letters/discards.js';
import { LetterGroups } from '../dead-letters/groups.js';
import { GroupsController } from '../dead-letters/groups.controller.js';
import { IndexController } from '../dead-letters/index.controller.js';
import { LetterSource } from '../dead-letters/letter-source.js';
import { Rebuilding } from '../dead-letters/rebuilding.js';
import { Examiner } from '../diagnosis/diagnose.js';
import { RegistrySchemas } from '../diagnosis/registry-schemas.js';
import { made } from '../made.js';
import { Messages } from '../messages/messages.js';
import { DeadLetterProjection, ReplayEventsProjection } from '../projections/projections.js';
import { Retention } from '../retention/retention.js';
import { ConsumerWatch } from './consumer-watch.js';
import { Issuing } from './issuing.js';
import { Progress } from './progress.js';
import { Recovery, RecoveryClients } from './recovery.js';
import { ReplayEvents } from './replay-events.js';
import { ReplayEventsHandler } from './replay-events.handler.js';
import { Replays } from './replays.js';
import { ReplaysController } from './replays.controller.js';

export const recoveryControllers = [
  DeadLettersController,
  GroupsController,
  IndexController,
  ReplaysController,
  DeadLettersHandler,
  ReplayEventsHandler,
];

/** Dead letters and their replays: `metrics.dlq` and `dlq.replay.events` into the database, `dlq.replay.commands` out of it. */
export function recoveryProviders(
  { kafka, topics, replays: { maxAttempts }, retention }: AdminConfig,
  registry: SchemaRegistryClient,
): Provider[] {
  const dlq = topics.name(metricsDlq);
  return [
    made(DeadLetters, [Database]),
    made(LetterGroups, [Database]),
    made(Progress, [Database]),
    { provide: Examiner, useValue: new Examiner(new RegistrySchemas(registry)) },
    {
      provide: RecoveryClients,
      inject: [KafkaMetrics],
      useFactory: (metrics: KafkaMetrics) =>
        new RecoveryClients(
          new KafkaAdmin(kafka.connection, { observer: metrics.adminObserver() }),
          new LogReader(kafka.connection, { name: 'dead-letters' }),
        ),
    },
    {
      provide: LetterSource,
      inject: [RecoveryClients],
      useFactory: ({ log, admin }: RecoveryClients) => new LetterSource(log, admin, dlq),
    },
    {
      provide: Discards,
      inject: [Database, DeadLetters, AuditTrail],
      useFactory: (database: Database, letters: DeadLetters, trail: AuditTrail) =>
        new Discards(database, letters, trail, maxAttempts),
    },
    {
      provide: Replays,
      inject: [Database, AuditTrail, RecoveryClients],
      useFactory: (database: Database, trail: AuditTrail, { admin }: RecoveryClients) =>
        new Replays(database, trail, admin, { maxAttempts, dlq }),
    },
    {
      provide: ReplayEvents,
      inject: [LOGGER],
      useFactory: (logger: Logger) => new ReplayEvents(replayEventDecoder(registry), logger, maxAttempts),
    },
    {
      provide: DeadLetterProjection,
      inject: [Database, RecoveryClients, BatchTransport, LOGGER],
      useFactory: (database: Database, { admin }: RecoveryClients, transport: BatchTransport, logger: Logger) =>
        new DeadLetterProjection({
          topic: dlq,
          database,
          admin,
          projected: new DeadLetterIndex(maxAttempts),
          consumer: consumerOf(transport, metricsDlq),
          logger,
        }),
    },
    {
      provide: ReplayEventsProjection,
      inject: [Database, RecoveryClients, ReplayEvents, BatchTransport, LOGGER],
      useFactory: (
        database: Database,
        { admin }: RecoveryClients,
        projected: ReplayEvents,
        transport: BatchTransport,
        logger: Logger,
      ) =>
        new ReplayEventsProjection({
          topic: topics.name(dlqReplayEvents),
          database,
          admin,
          projected,
          consumer: consumerOf(transport, dlqReplayEvents),
          logger,
        }),
    },
    {
      provide: Rebuilding,
      inject: [Database, AuditTrail, DeadLetterProjection, RecoveryClients],
      useFactory: (
        database: Database,
        trail: AuditTrail,
        projection: DeadLetterProjection,
        { admin }: RecoveryClients,
      ) => new Rebuilding(database, trail, projection, admin, dlq),
    },
    {
      provide: Issuing,
      inject: [Database, Messages, LOGGER],
      useFactory: (database: Database, messages: Messages, logger: Logger) => new Issuing(database, messages, logger),
    },
    {
      provide: ConsumerWatch,
      inject: [Database, RecoveryClients, LOGGER],
      useFactory: (database: Database, { admin }: RecoveryClients, logger: Logger) =>
        new ConsumerWatch(database, admin, logger, { maxAttempts, sourceRetentionMs: metricsRaw.retentionMs ?? null }),
    },
    {
      provide: Retention,
      inject: [Database, LOGGER],
      useFactory: (database: Database, logger: Logger) => new Retention(database, logger, retention),
    },
    Recovery,
  ];
}

/** Null before the consumer is made, and while Kafka is disabled. */
function consumerOf(transport: BatchTransport, topic: TopicDefinition): () => BatchConsumer | null {
  return () => (transport.states.has(topic.name) ? transport.consumer(topic) : null);
}
