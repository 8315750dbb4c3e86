import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { ServiceConfig } from '@weir/config';
import { ConfigurationError } from '@weir/errors';
import { describeError, HealthRegistry, type Logger } from '@weir/telemetry';

import { changeLevelBySignal } from '../logs/level-by-signal.js';
import { LOGGER, SERVICE_CONFIG } from '../tokens.js';
import { closeWithin } from './close-within.js';
import { ListenError } from './listen-error.js';
import { SignalledEnd } from './signalled-end.js';

/** EX_CONFIG of sysexits.h: a supervisor that sees it need not try again before someone changed something. */
const EXIT_CONFIGURATION = 78;
const EXIT_FAILURE = 1;

/**
 * Runs a whole process: builds the app, starts it, and ends it.
 *
 * The promise resolves once all is started. SIGTERM and SIGINT end the process at any time, also while it starts: with status 0 once everything
 * has closed, or with 1 past `SHUTDOWN_TIMEOUT_MS`, saying what hung; a second signal ends it at once. An error that nobody caught is
 * logged and ends it with 1, and so does a start that fails. Configuration problems are printed as a list, and end it with 78. SIGUSR2
 * changes the level of its log.
 */
export async function runService(build: () => Promise<NestFastifyApplication>): Promise<void> {
  const end = new SignalledEnd();
  const app = await built(build);
  const logger = app.get<Logger>(LOGGER);
  const config = app.get<ServiceConfig>(SERVICE_CONFIG);
  endOnUncaught(logger);
  changeLevelBySignal(logger);
  const starting = startService(app);
  end.closes(app, starting);
  try {
    const url = await starting;
    logger.info({ url, settings: config.settings }, `${config.name} ${config.version} is running`);
  } catch (error) {
    if (end.hasBegun) return; // a start that was interrupted has not failed
    if (error instanceof ListenError) logger.fatal(`Could not start: ${error.message}`);
    else logger.fatal({ error }, 'Could not start');
    await closeWithin(app, config.shutdownTimeoutMs);
    process.exit(EXIT_FAILURE);
  }
}

/**
 * Listens, so that health and /metrics answer, and only then lets work begin. It is not ready before. Resolves with its URL.
 *
 * Rejects with a ListenError where the address cannot be had, and where the app is closed meanwhile; no work begins then.
 */
export async function startService(app: NestFastifyApplication): Promise<string> {
  const { port, host } = app.get<ServiceConfig>(SERVICE_CONFIG);
  const health = app.get(HealthRegistry);
  health.starting();
  await app.listen(port, host).catch((error: unknown) => {
    throw ListenError.of(error, host, port) ?? error;
  });
  if (health.isShuttingDown) throw new Error('The app was closed while it started');
  await app.startAllMicroservices();
  health.started();
  return app.getUrl();
}

/** `build` may also throw at once, as where the configuration is read. */
async function built(build: () => Promise<NestFastifyApplication>): Promise<NestFastifyApplication> {
  try {
    return await build();
  } catch (thrown) {
    process.stderr.write(`${buildProblem(thrown)}\n`);
    return process.exit(thrown instanceof ConfigurationError ? EXIT_CONFIGURATION : EXIT_FAILURE);
  }
}

function buildProblem(thrown: unknown): string {
  if (thrown instanceof ConfigurationError) return thrown.message;
  const { message, stack } = describeError(thrown);
  return `Could not start: ${stack ?? message}`;
}

function endOnUncaught(logger: Logger): void {
  const end = (kind: string) => (error: unknown) => {
    logger.fatal({ error }, `An error that nobody caught (${kind}) ends this process`);
    process.exit(EXIT_FAILURE);
  };
  process.on('uncaughtException', end('uncaughtException'));
  process.on('unhandledRejection', end('unhandledRejection'));
}
