import { setTimeout as wait } from 'node:timers/promises';

import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { KafkaAdmin } from '@weir/kafka';
import { Rounds } from '@weir/nest-service';
import type { HealthRegistry, Metrics } from '@weir/telemetry';

import type { BreakerCause, OpenBreaker, Pass } from './breaker-state.js';
import type { BreakerStore } from './breaker-store.js';
import { Breaker, type BreakerObserver, type BreakerOptions, lineOf } from './breaker.js';

const SYNC_INTERVAL_MS = 1_000;
/** Redis is connected to meanwhile. Where it is not by then, it counts as away. */
const FIRST_SYNC_MS = 2_000;
const CAUSES: readonly BreakerCause[] = ['dlq_unwritable', 'dead_letter_share'];

export interface BreakerServiceOptions extends BreakerOptions {
  /** `metrics.raw`, as this installation calls it. */
  readonly topic: string;
}

/** The breaker in this process: kept in step with other instances, told to health, metrics and logs. */
@Injectable()
export class BreakerService implements OnModuleInit, OnApplicationShutdown {
  readonly breaker: Breaker;
  private readonly logger = new Logger('Breaker');
  private readonly syncing = new Rounds(() => this.breaker.sync(), SYNC_INTERVAL_MS);

  constructor(
    private readonly options: BreakerServiceOptions,
    private readonly store: BreakerStore | null,
    private readonly admin: Pick<KafkaAdmin, 'describeTopics' | 'watermarks' | 'close'>,
    private readonly health: HealthRegistry,
    private readonly metrics: Metrics,
  ) {
    this.breaker = new Breaker(options, store, this.observer());
  }

  get open(): OpenBreaker | null {
    return this.breaker.open;
  }

  get pass(): Pass | null {
    return this.breaker.pass;
  }

  /** Resolves once it is known what other instances did, and this one before it was restarted: nothing is taken before. */
  async onModuleInit(): Promise<void> {
    this.health.register({
      name: 'breaker',
      readiness: true,
      check: () => {
        const { open } = this.breaker;
        if (open === null) return { status: 'healthy' };
        return {
          status: 'unhealthy',
          reason: open.detail,
          cause: open.cause,
          since: new Date(open.since).toISOString(),
        };
      },
    });
    const { store } = this;
    if (store === null) return;
    // Without it the breaker is this instance's own, which is no reason to take no work.
    this.health.register({
      name: 'redis',
      readiness: false,
      check: async () => {
        await store.ping();
        return { status: 'healthy' };
      },
    });
    for (const deadline = Date.now() + FIRST_SYNC_MS; Date.now() < deadline; await wait(20))
      if (await answers(store)) break;
    await this.breaker.sync();
    this.syncing.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.syncing.stop();
    await Promise.all([this.store?.close(), this.admin.close()]);
  }

  /**
   * Lets pass what is in the topic now, here at once and on other instances within a second or so. False where the breaker is closed.
   * Rejects with a KafkaAdminError where the brokers do not say where the topic ends.
   */
  async closeByHand(reason: string): Promise<boolean> {
    if (this.breaker.open === null) return false;
    const { topic } = this.options;
    const [described] = await this.admin.describeTopics([topic]);
    const ends = described === undefined ? [] : await this.admin.watermarks([topic]);
    const below = ends.map(({ partition, high }) => [lineOf(described?.topicId ?? '', partition), high] as const);
    return this.breaker.closeByHand(reason, Object.fromEntries(below)) !== null;
  }

  private observer(): BreakerObserver {
    const isOpen = this.metrics.gauge('weir_breaker_open');
    const shared = this.metrics.gauge('weir_breaker_shared');
    for (const cause of CAUSES) isOpen.set({ cause }, 0);
    let wasShared: boolean | null = null;
    return {
      opened: ({ cause, detail }) => {
        isOpen.set({ cause }, 1);
        this.logger.error(`Nothing is taken from now on: ${detail}`);
      },
      closed: ({ cause }, why) => {
        isOpen.set({ cause }, 0);
        this.logger.warn(`Records are taken again: ${why}`);
      },
      shared: (reachable) => {
        shared.set(Number(reachable));
        if (wasShared === reachable) return;
        if (!reachable) this.logger.warn('Redis is away: the breaker is this instance’s own until it is back.');
        else if (wasShared === false) this.logger.log('Redis is back: the breaker is shared again.');
        wasShared = reachable;
      },
    };
  }
}

const answers = (store: BreakerStore): Promise<boolean> =>
  store.ping().then(
    () => true,
    () => false,
  );
