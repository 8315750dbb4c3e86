import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { KafkaAdmin, LogReader } from '@weir/kafka';

import { DeadLetterProjection, ReplayEventsProjection } from '../projections/projections.js';
import { Retention } from '../retention/retention.js';
import { ConsumerWatch } from './consumer-watch.js';
import { Issuing } from './issuing.js';

/** Clients of Kafka that dead letters and replays share. */
export class RecoveryClients {
  constructor(
    readonly admin: KafkaAdmin,
    readonly log: LogReader,
  ) {}
}

/** Starts and ends what works on dead letters and replays besides the requests. */
@Injectable()
export class Recovery implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly letters: DeadLetterProjection,
    private readonly events: ReplayEventsProjection,
    private readonly issuing: Issuing,
    private readonly watch: ConsumerWatch,
    private readonly retention: Retention,
    private readonly clients: RecoveryClients,
  ) {}

  onApplicationBootstrap(): void {
    for (const each of this.working) each.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.working.map((each) => each.stop()));
    await Promise.all([this.clients.log.close(), this.clients.admin.close()]);
  }

  private get working() {
    return [this.letters, this.events, this.issuing, this.watch, this.retention];
  }
}
