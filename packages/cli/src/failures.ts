import { ConfigurationError, messageOf, WeirError } from '@weir/errors';

import { EXIT, type ExitCode } from './exit-codes.js';

/** Ends a command: what people are told, in a line or two, and the exit code. Never shows a key. */
export class Failure extends Error {
  constructor(
    readonly exitCode: ExitCode,
    message: string,
    /** What to do about it. */
    readonly hint: string | null = null,
    options: ErrorOptions = {},
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** What was typed, or what is set, cannot be meant. */
export class UsageFailure extends Failure {
  constructor(message: string, hint: string | null = null) {
    super(EXIT.usage, message, hint);
  }
}

const BROKERS_AWAY = new Set(['kafka_unavailable', 'schema_registry_unavailable', 'offsets_unstable']);
const REFUSED = new Set(['topic_missing', 'topic_exists', 'group_active', 'kafka_request_invalid']);

/** Anything that was thrown, as a command's end. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  if (thrown instanceof ConfigurationError) return new UsageFailure(thrown.problems.join('\n'));
  if (!(thrown instanceof WeirError))
    return new Failure(EXIT.failed, messageOf(thrown), 'This is a fault of weir itself.', { cause: thrown });
  const { code, message } = thrown;
  if (code === 'kafka_authorization_failed') return new Failure(EXIT.keyRefused, `${code}: ${message}`);
  if (BROKERS_AWAY.has(code))
    return new Failure(EXIT.away, `${code}: ${message}`, 'Check KAFKA_BOOTSTRAP_SERVERS and SCHEMA_REGISTRY_URL.');
  return new Failure(REFUSED.has(code) ? EXIT.refused : EXIT.failed, `${code}: ${message}`);
}
