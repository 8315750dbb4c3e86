import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { BatchTransport } from '@weir/nest-kafka';
import { countAnswers, createService } from '@weir/nest-service';
import { Metrics } from '@weir/telemetry';

import { AppModule } from './app.module.js';
import type { AdminConfig } from './config.js';

/** The whole process, not started yet. */
export async function createAdminService(config: AdminConfig): Promise<NestFastifyApplication> {
  return createService(AppModule.forRoot(config), config.service, {
    configure: (app) => {
      app.connectMicroservice({ strategy: app.get(BatchTransport) });
      countAnswers(app.getHttpAdapter().getInstance(), app.get(Metrics), '/api/', {
        requests: 'weir_admin_requests_total',
        durations: 'weir_admin_request_duration_seconds',
      });
    },
  });
}
