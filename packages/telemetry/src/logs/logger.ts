import { pino, type DestinationStream, type Logger } from 'pino';
import { PinoPretty } from 'pino-pretty';

import { scrub, scrubLine } from './scrub.js';

export type { Logger } from 'pino';

export interface LoggerOptions {
  /** Stands in every line as `service`. */
  readonly name: string;
  readonly version: string;
  readonly instance: string;
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  readonly environment: 'production' | 'development' | 'test';
}

/**
 * A logger of structured lines with `service`, `version` and `instance`: JSON on standard output, or coloured text where
 * a person sits at a terminal outside production.
 *
 * No line holds a secret (see `scrub`); an error under any key is written with code, retryable, context and causes.
 */
export function createLogger(options: LoggerOptions, destination?: DestinationStream): Logger {
  const readable = destination === undefined && process.stdout.isTTY && options.environment !== 'production';
  return pino(
    {
      level: options.logLevel,
      base: { service: options.name, version: options.version, instance: options.instance },
      timestamp: pino.stdTimeFunctions.isoTime,
      messageKey: 'message',
      errorKey: 'error',
      serializers: { error: scrub },
      formatters: {
        level: (label) => ({ level: label }),
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a plain object stays one
        log: (fields) => scrub(fields) as Record<string, unknown>,
      },
      hooks: { streamWrite: scrubLine },
    },
    destination ?? (readable ? prettyOutput() : pino.destination({ dest: 1, sync: true })),
  );
}

function prettyOutput(): DestinationStream {
  return PinoPretty({
    messageKey: 'message',
    errorLikeObjectKeys: ['error'],
    ignore: 'service,version,instance',
    translateTime: 'SYS:HH:MM:ss.l',
    sync: true,
  });
}
