import { type DynamicModule, Module } from '@nestjs/common';
import { metricEventDecoder } from '@weir/avro';
import { DeadLetterPublisher, KafkaAdmin, LogProbe, type RecordProducer } from '@weir/kafka';
import { MetricsStore } from '@weir/metrics-store';
import { BatchTransport, KafkaMetrics, KafkaModule, SchemaRegistry } from '@weir/nest-kafka';
import { LOGGER, ServiceModule } from '@weir/nest-service';
import { HealthRegistry, type Logger, Metrics, Traces, watchPool } from '@weir/telemetry';
import { dlqReplayEvents, metricsDlq, metricsRaw } from '@weir/topics';

import { BreakerModule } from './breaker/breaker.module.js';
import { BreakerService } from './breaker/breaker.service.js';
import type { ConsumerConfig } from './config.js';
import { CatchUp } from './ledger/catch-up.js';
import { LedgerBalance } from './ledger/ledger-balance.js';
import { LedgerController } from './ledger/ledger.controller.js';
import { LedgerSkip } from './ledger/ledger-skip.js';
import { LedgerWatch } from './ledger/ledger-watch.js';
import { DecodeStep } from './metrics/decode.step.js';
import { GapCheck } from './metrics/gap-check.js';
import { MetricsHandler } from './metrics/metrics.handler.js';
import { OutcomeStep } from './metrics/outcome.step.js';
import { MetricsPipeline } from './metrics/pipeline.js';
import { Stages } from './metrics/stages.js';
import { SettlementMetrics } from './metrics/settlement-metrics.js';
import { TopicIds } from './metrics/topic-ids.js';
import { ValidateStep } from './metrics/validate.step.js';
import { OperatorModule } from './operator/operator.module.js';
import { OutcomePublishing } from './replays/outcome-publishing.js';
import { ReplayOutcomes } from './replays/replay-outcomes.js';
import { StoreStartup } from './store/store-startup.js';
import { TracedPipeline } from './traces/traced-pipeline.js';

const DEAD_LETTER_PRODUCER = Symbol('producer of dead letters');

/** metrics.raw → decode → validate → store; what can never be stored → metrics.dlq; what became of replayed records → dlq.replay.events. */
@Module({})
export class AppModule {
  static forRoot(config: ConsumerConfig): DynamicModule {
    const { service, kafka, topics, store, settling } = config;
    return {
      module: AppModule,
      imports: [
        ServiceModule.forApp(service, {
          openApi: { description: 'Stores what Kafka carries; tells what became of it.' },
        }),
        KafkaModule.forRoot({ ...kafka, topics, app: 'metrics-consumer', consumer: settling.consumer }),
        KafkaModule.producer(DEAD_LETTER_PRODUCER, settling.deadLetters),
        OperatorModule.forRoot(config.operator),
        BreakerModule.forRoot({
          ...config.breaker,
          connection: kafka.connection,
          consumerGroup: kafka.consumerGroup,
          topic: topics.name(metricsRaw),
        }),
      ],
      controllers: [MetricsHandler, LedgerController],
      providers: [
        {
          provide: MetricsStore,
          inject: [Metrics],
          useFactory: (metrics: Metrics) => {
            const opened = new MetricsStore(store.connection, store.options);
            watchPool(metrics, () => opened.poolUse);
            return opened;
          },
        },
        {
          provide: StoreStartup,
          inject: [MetricsStore, HealthRegistry],
          useFactory: (opened: MetricsStore, health: HealthRegistry) => new StoreStartup(opened, health, store),
        },
        {
          provide: SchemaRegistry,
          inject: [HealthRegistry, Metrics],
          useFactory: (health: HealthRegistry, metrics: Metrics) =>
            new SchemaRegistry(config.schemaRegistry, health, metrics),
        },
        {
          provide: DecodeStep,
          inject: [SchemaRegistry],
          useFactory: ({ client }: SchemaRegistry) => new DecodeStep(metricEventDecoder(client)),
        },
        {
          provide: OutcomeStep,
          inject: [DecodeStep],
          useFactory: (decode: DecodeStep) => new OutcomeStep(decode, new ValidateStep()),
        },
        { provide: KafkaAdmin, useFactory: () => new KafkaAdmin(kafka.connection) },
        { provide: TopicIds, inject: [KafkaAdmin], useFactory: (admin: KafkaAdmin) => new TopicIds(admin) },
        { provide: LogProbe, useFactory: () => new LogProbe(kafka.connection) },
        { provide: GapCheck, inject: [LogProbe], useFactory: (log: LogProbe) => new GapCheck(log) },
        {
          provide: CatchUp,
          inject: [MetricsStore, TopicIds, BatchTransport],
          useFactory: (opened: MetricsStore, topicIds: TopicIds, transport: BatchTransport) =>
            new CatchUp(opened, topicIds, consumerOf(transport)),
        },
        {
          provide: LedgerSkip,
          inject: [MetricsStore, KafkaAdmin, LogProbe, SettlementMetrics, CatchUp],
          useFactory: (
            opened: MetricsStore,
            admin: KafkaAdmin,
            log: LogProbe,
            metrics: SettlementMetrics,
            catchUp: CatchUp,
          ) => new LedgerSkip(topics.name(metricsRaw), opened, admin, log, metrics, catchUp),
        },
        {
          provide: LedgerWatch,
          inject: [MetricsStore, TopicIds, LogProbe, GapCheck, SettlementMetrics, BatchTransport],
          useFactory: (
            opened: MetricsStore,
            topicIds: TopicIds,
            log: LogProbe,
            gaps: GapCheck,
            metrics: SettlementMetrics,
            transport: BatchTransport,
          ) => new LedgerWatch(opened, topicIds, log, gaps, metrics, consumerOf(transport)),
        },
        {
          provide: DeadLetterPublisher,
          inject: [DEAD_LETTER_PRODUCER],
          useFactory: (producer: RecordProducer) =>
            new DeadLetterPublisher(producer, {
              topic: topics.name(metricsDlq),
              group: kafka.consumerGroup,
              serviceVersion: service.version,
            }),
        },
        {
          provide: ReplayOutcomes,
          inject: [Metrics],
          useFactory: (metrics: Metrics) =>
            new ReplayOutcomes({ topic: topics.name(dlqReplayEvents), group: kafka.consumerGroup }, metrics),
        },
        {
          provide: OutcomePublishing,
          inject: [MetricsStore, StoreStartup, SchemaRegistry, HealthRegistry, Metrics, LOGGER, KafkaMetrics],
          useFactory: (
            opened: MetricsStore,
            startup: StoreStartup,
            registry: SchemaRegistry,
            health: HealthRegistry,
            metrics: Metrics,
            logger: Logger,
            kafkaMetrics: KafkaMetrics,
          ) =>
            new OutcomePublishing(
              opened,
              startup,
              registry,
              { health, metrics, logger },
              {
                connection: kafka.enabled ? kafka.connection : null,
                relay: { ...config.outbox, observer: { producer: kafkaMetrics.producerObserver('outbox') } },
                autoRegister: config.schemaRegistry.autoRegister,
                serviceName: service.name,
              },
            ),
        },
        {
          provide: MetricsPipeline,
          inject: [
            OutcomeStep,
            TopicIds,
            MetricsStore,
            GapCheck,
            DeadLetterPublisher,
            ReplayOutcomes,
            BreakerService,
            Metrics,
            Traces,
          ],
          useFactory: (
            outcomes: OutcomeStep,
            topicIds: TopicIds,
            opened: MetricsStore,
            gaps: GapCheck,
            deadLetters: DeadLetterPublisher,
            replays: ReplayOutcomes,
            { breaker }: BreakerService,
            metrics: Metrics,
            traces: Traces | null,
          ) => {
            const steps = [outcomes, topicIds, opened, gaps, deadLetters, replays] as const;
            const parts = [...steps, breaker, new Stages(metrics)] as const;
            if (traces === null) return new MetricsPipeline(...parts);
            return new TracedPipeline(traces, topics.name(metricsDlq), [...parts]);
          },
        },
        {
          provide: SettlementMetrics,
          inject: [Metrics],
          useFactory: (metrics: Metrics) => new SettlementMetrics(metrics),
        },
        {
          provide: LedgerBalance,
          inject: [MetricsStore, HealthRegistry, Metrics],
          useFactory: (opened: MetricsStore, health: HealthRegistry, metrics: Metrics) =>
            new LedgerBalance(opened, health, metrics),
        },
      ],
    };
  }
}

/** Null while there is no consumer. */
const consumerOf = (transport: BatchTransport) => () =>
  transport.states.has(metricsRaw.name) ? transport.consumer(metricsRaw) : null;
