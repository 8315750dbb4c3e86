import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';

import { ClusterGauges } from './cluster-gauges.js';
import { RecoveryGauges } from './recovery-gauges.js';

/** Looks at the cluster and the database from time to time, for the metrics. */
@Injectable()
export class Observation implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly cluster: ClusterGauges,
    private readonly recovery: RecoveryGauges,
  ) {}

  onApplicationBootstrap(): void {
    this.cluster.start();
    this.recovery.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.cluster.stop(), this.recovery.stop()]);
  }
}
