import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createService } from '@weir/nest-service';

import { AppModule } from './app.module.js';
import type { QueryApiConfig } from './config.js';

/** The whole process, not started yet. */
export async function createQueryApi(config: QueryApiConfig): Promise<NestFastifyApplication> {
  return createService(AppModule.forRoot(config), config.service);
}
