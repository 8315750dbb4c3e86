import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createService } from '@weir/nest-service';

import { AppModule } from './app.module.js';
import type { QueryApiConfig } from './config.js';

/** A label's name is a part of a path, and each character of it may take three. Tenants' own limit is 255 unless raised. */
const MAX_LABEL_NAME_LENGTH = 4_096;

/** The whole process, not started yet. */
export async function createQueryApi(config: QueryApiConfig): Promise<NestFastifyApplication> {
  return createService(AppModule.forRoot(config), config.service, { maxPathPartLength: MAX_LABEL_NAME_LENGTH });
}
