import type { LoggerService } from '@nestjs/common';
import { isError, type Logger } from '@weir/telemetry';

/** What Nest tells about its own wiring; of interest only to who debugs it. */
const FRAMEWORK = new Set(['InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestFactory', 'NestApplication']);

/**
 * Nest's logger on top of pino.
 *
 * Takes what Nest's `Logger` passes on: a message or an error, then objects whose fields join the line, then the context.
 */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.write(FRAMEWORK.has(String(rest.at(-1))) ? 'debug' : 'info', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    // What Nest's application logs it throws as well, and whoever started it says so in better words.
    this.write(rest.at(-1) === 'NestApplication' ? 'debug' : 'error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  private write(
    level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace',
    message: unknown,
    rest: unknown[],
  ): void {
    const texts = rest.filter((part) => typeof part === 'string');
    const context = texts.pop();
    const [stack] = texts;
    const fields: Record<string, unknown> = {
      ...(context === undefined ? {} : { context }),
      ...(stack === undefined ? {} : { stack }),
    };
    for (const part of [...rest, message])
      if (isError(part)) fields['error'] = part;
      else if (typeof part === 'object') Object.assign(fields, part);
    this.logger[level](fields, typeof message === 'string' ? message : isError(message) ? message.message : '');
  }
}
