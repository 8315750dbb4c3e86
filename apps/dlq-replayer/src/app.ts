import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { BatchTransport } from '@weir/nest-kafka';
import { createService } from '@weir/nest-service';

import { AppModule } from './app.module.js';
import type { ReplayerConfig } from './config.js';

/** The whole process, not started yet. */
export async function createDlqReplayer(config: ReplayerConfig): Promise<NestFastifyApplication> {
  return createService(AppModule.forRoot(config), config.service, {
    configure: (app) => {
      app.connectMicroservice({ strategy: app.get(BatchTransport) });
    },
  });
}
