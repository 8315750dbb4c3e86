import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { ServiceConfig } from '@weir/config';
import { ConfigurationError } from '@weir/errors';
import { describeError, HealthRegistry, type Logger } from '@weir/telemetry';

import { LOGGER, SERVICE_CONFIG } from '../tokens.js';
import { closeWithin } from './close-within.js';

/** EX_CONFIG of sysexits.h: a supervisor that sees it need not try again before someone changed something. */
const EXIT_CONFIGURATION = 78;
const EXIT_FAILURE = 1;

/**
 * Runs a whole process: builds the app, starts it, and ends it.
 *
 * The promise resolves once all is started. SIGTERM and SIGINT end the process with status 0 once everything has closed, or
 * with 1 past `SHUTDOWN_TIMEOUT_MS`, saying what hung; a second signal ends it at once. An error that nobody caught is logged and
 * ends it with 1. Configuration problems are printed as a list, and end it with 78.
 */
export async function runService(build: () => Promise<NestFastifyApplication>): Promise<void> {
  let app: NestFastifyApplication;
  try {
    app = await build();
  } catch (thrown) {
    process.stderr.write(`${startProblem(thrown)}\n`);
    process.exit(thrown instanceof ConfigurationError ? EXIT_CONFIGURATION : EXIT_FAILURE);
  }
  const logger = app.get<Logger>(LOGGER);
  const config = app.get<ServiceConfig>(SERVICE_CONFIG);
  endOnUncaught(logger);
  endOnSignal(app, config, logger);
  try {
    const url = await startService(app);
    logger.info({ url, settings: config.settings }, `${config.name} ${config.version} is running`);
  } catch (error) {
    logger.fatal({ error }, 'Could not start');
    await closeWithin(app, config.shutdownTimeoutMs);
    process.exit(EXIT_FAILURE);
  }
}

/**
 * Listens, so that health and /metrics answer, and only then lets work begin. It is not ready before. Resolves with its URL.
 */
export async function startService(app: NestFastifyApplication): Promise<string> {
  const { port, host } = app.get<ServiceConfig>(SERVICE_CONFIG);
  const health = app.get(HealthRegistry);
  health.starting();
  await app.listen(port, host);
  await app.startAllMicroservices();
  health.started();
  return app.getUrl();
}

function endOnSignal(app: NestFastifyApplication, config: ServiceConfig, logger: Logger): void {
  let ending = false;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (ending) {
      logger.warn({ signal }, 'Told twice: ending at once');
      process.exit(EXIT_FAILURE);
    }
    ending = true;
    logger.info({ signal, timeoutMs: config.shutdownTimeoutMs }, 'Ending: no new work, finishing what is under way');
    const outcome = await closeWithin(app, config.shutdownTimeoutMs);
    if (outcome.kind === 'closed') {
      logger.info('Ended');
      process.exit(0);
    }
    logger.error(outcome, outcome.kind === 'hung' ? 'Not ended in time' : 'Ending failed');
    process.exit(EXIT_FAILURE);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end(signal));
}

function endOnUncaught(logger: Logger): void {
  const end = (kind: string) => (error: unknown) => {
    logger.fatal({ error }, `An error that nobody caught (${kind}) ends this process`);
    process.exit(EXIT_FAILURE);
  };
  process.on('uncaughtException', end('uncaughtException'));
  process.on('unhandledRejection', end('unhandledRejection'));
}

function startProblem(thrown: unknown): string {
  if (thrown instanceof ConfigurationError) return thrown.message;
  const { message, stack } = describeError(thrown);
  return `Could not start: ${stack ?? message}`;
}
