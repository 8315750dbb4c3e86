import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { ServiceConfig } from '@weir/config';
import type { Logger } from '@weir/telemetry';

import { LOGGER, SERVICE_CONFIG } from '../tokens.js';
import { closeWithin } from './close-within.js';

/**
 * Ends the process when it is told to by SIGTERM or SIGINT.
 *
 * Made before anything else: as the first process of a container, one without a handler never gets these signals.
 */
export class SignalledEnd {
  private app: NestFastifyApplication | null = null;
  private starting: Promise<unknown> = Promise.resolve();
  private begun = false;

  constructor() {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void this.end(signal));
  }

  get hasBegun(): boolean {
    return this.begun;
  }

  /** From now on there is something to close first, once `starting` has settled. */
  closes(app: NestFastifyApplication, starting: Promise<unknown>): void {
    this.app = app;
    this.starting = starting;
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    if (this.app === null) process.exit(0); // nothing is open yet
    const logger = this.app.get<Logger>(LOGGER);
    if (this.begun) {
      logger.warn({ signal }, 'Told twice: ending at once');
      process.exit(1);
    }
    this.begun = true;
    const { shutdownTimeoutMs: timeoutMs } = this.app.get<ServiceConfig>(SERVICE_CONFIG);
    logger.info({ signal, timeoutMs }, 'Ending: no new work, finishing what is under way');
    const outcome = await closeWithin(this.app, timeoutMs, this.starting);
    if (outcome.kind === 'closed') {
      logger.info('Ended');
      process.exit(0);
    }
    logger.error(outcome, outcome.kind === 'hung' ? 'Not ended in time' : 'Ending failed');
    process.exit(1);
  }
}
