import { pino, type DestinationStream, type Logger } from 'pino';
import { PinoPretty } from 'pino-pretty';

import { activeTrace } from '../traces/active-trace.js';
import { Bursts, type LogLine } from './bursts.js';
import { isError } from './describe-error.js';
import { scrub, scrubLine } from './scrub.js';

export type { Logger } from 'pino';

export interface LoggerOptions {
  /** Stands in every line as `service`. */
  readonly name: string;
  readonly version: string;
  readonly instance: string;
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  readonly environment: 'production' | 'development' | 'test';
  /** Told of each line from `warn` on, before bursts are summarised. */
  readonly onLine?: (level: 'warn' | 'error' | 'fatal') => void;
}

const WARN = 40;
const ERROR = 50;
const FATAL = 60;

/**
 * A logger of structured lines with `service`, `version` and `instance`: JSON on standard output, or coloured text where
 * a person sits at a terminal outside production.
 *
 * A line that is written within a span carries `trace_id` and `span_id`. No line holds a secret (see `scrub`); an error under any key is
 * written with code, retryable, context and causes. Of warnings and errors that come in a burst the first few are written and the rest is
 * summed up (see `Bursts`).
 */
export function createLogger(options: LoggerOptions, destination?: DestinationStream): Logger {
  const readable = destination === undefined && process.stdout.isTTY && options.environment !== 'production';
  const bursts = new Bursts();
  return pino(
    {
      level: options.logLevel,
      base: { service: options.name, version: options.version, instance: options.instance },
      timestamp: pino.stdTimeFunctions.isoTime,
      messageKey: 'message',
      errorKey: 'error',
      mixin: traceFields,
      serializers: { error: scrub },
      formatters: {
        level: (label) => ({ level: label }),
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a plain object stays one
        log: (fields) => scrub(fields) as Record<string, unknown>,
      },
      hooks: {
        streamWrite: scrubLine,
        logMethod(parts, write, level) {
          if (level < WARN) {
            write.apply(this, parts);
            return;
          }
          options.onLine?.(level < ERROR ? 'warn' : level < FATAL ? 'error' : 'fatal');
          const put = ({ fields, message }: LogLine): void => write.apply(this, [fields, message]);
          if (level < FATAL) bursts.take(withTrace(lineOf(level, parts)), put);
          else {
            bursts.flush();
            write.apply(this, parts);
          }
        },
      },
    },
    destination ?? (readable ? prettyOutput() : pino.destination({ dest: 1, sync: true })),
  );
}

/** As it is now: a line of a burst may be written later, within another span or none. */
function withTrace({ level, fields, message }: LogLine): LogLine {
  return { level, fields: { trace_id: undefined, span_id: undefined, ...traceFields(), ...fields }, message };
}

/** A new object each time: pino writes the line's fields into it. */
function traceFields(): object {
  const active = activeTrace();
  return active === null ? {} : { trace_id: active.traceId, span_id: active.spanId };
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

/** What pino's methods take: fields or an error and a message, or a message alone. */
function lineOf(level: number, [first, second]: readonly unknown[]): LogLine {
  const message = typeof second === 'string' ? second : undefined;
  if (isError(first)) return { level, fields: { error: first }, message: message ?? first.message };
  if (typeof first === 'object' && first !== null) return { level, fields: { ...first }, message: message ?? '' };
  return { level, fields: {}, message: String(first) };
}
