import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createService } from '@weir/nest-service';

import { AppModule } from './app.module.js';
import type { IngestApiConfig } from './config.js';

/** The whole process, not started yet. */
export async function createIngestApi(config: IngestApiConfig): Promise<NestFastifyApplication> {
  return createService(AppModule.forRoot(config), config.service, { requestTimeoutMs: config.httpTimeoutMs });
}
