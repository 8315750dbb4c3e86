import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { hostname } from 'node:os';

import { duration, integer, oneOf, text } from '../kinds.js';
import { redacted, type ShownValue } from '../redact.js';
import type { Values } from '../variable.js';
import { tracesConfig, type TracesConfig, tracesVariables } from './traces.js';

// Every part of Weir is released together, under one version: bundled, this is the manifest of the app.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this package's own manifest
const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

/** What every process is told about itself. Times in milliseconds. */
export interface ServiceConfig {
  readonly name: string;
  readonly version: string;
  /** Tells this process from its replicas, in logs and health. */
  readonly instance: string;
  readonly environment: 'production' | 'development' | 'test';
  readonly host: string;
  readonly port: number;
  readonly logLevel: LogLevel;
  readonly shutdownTimeoutMs: number;
  /** Null: no traces. */
  readonly traces: TracesConfig | null;
  /** The whole environment as far as a log may show it. */
  readonly settings: Readonly<Record<string, ShownValue>>;
}

/** Variables of every HTTP process; `name` and `port` are this app's defaults. */
export function serviceVariables(name: string, port: number) {
  return {
    NODE_ENV: oneOf(['production', 'development', 'test'], {
      default: 'development',
      about: 'Production writes logs as JSON and reads no .env file.',
    }),
    SERVICE_NAME: text({ default: name, about: 'The name in logs, health and record headers.' }),
    SERVICE_VERSION: text({ default: version, about: 'The version in logs, health and dead letters.' }),
    HOST: text({ default: '0.0.0.0', about: 'The address to listen on.' }),
    PORT: integer({ default: port, min: 0, max: 65_535, about: 'The port to listen on; 0 takes any free one.' }),
    LOG_LEVEL: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
      default: 'info',
      about: 'The least important messages that are logged.',
    }),
    SHUTDOWN_TIMEOUT_MS: duration({
      default: 25_000,
      min: 100,
      max: 600_000,
      about: 'How long a process that is told to end may take to finish its work; past it, it exits with status 1.',
    }),
    ...tracesVariables,
  };
}

export function serviceConfig(values: Values<ReturnType<typeof serviceVariables>>): ServiceConfig {
  return {
    name: values.SERVICE_NAME,
    version: values.SERVICE_VERSION,
    instance: `${hostname()}-${randomBytes(3).toString('hex')}`,
    environment: values.NODE_ENV,
    host: values.HOST,
    port: values.PORT,
    logLevel: values.LOG_LEVEL,
    shutdownTimeoutMs: values.SHUTDOWN_TIMEOUT_MS,
    traces: tracesConfig(values),
    settings: redacted(values),
  };
}
