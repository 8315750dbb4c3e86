import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import type { MetricsReader } from '@weir/metrics-store';
import type { HealthRegistry } from '@weir/telemetry';

/** The health of the store as this process sees it, and its end. */
export class StoreReading implements OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly reader: MetricsReader,
    private readonly health: HealthRegistry,
  ) {}

  onModuleInit(): void {
    this.health.register({
      name: 'db',
      readiness: true,
      check: async () => {
        await this.reader.ping();
        return { status: 'healthy' };
      },
    });
  }

  /** After HTTP has drained. */
  async onApplicationShutdown(): Promise<void> {
    await this.reader.close();
  }
}
