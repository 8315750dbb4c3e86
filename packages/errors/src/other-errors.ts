import { WeirError, type WeirErrorOptions } from './weir-error.js';

/** The environment does not describe a process that can run. `problems` has one sentence for each variable. */
export class ConfigurationError extends WeirError {
  override readonly code = 'configuration_invalid';
  override readonly retryable = false;

  constructor(readonly problems: readonly string[]) {
    super(`The configuration has ${problems.length} problem(s):\n${problems.map((p) => `  - ${p}`).join('\n')}`);
  }
}

/** What a caller sent breaks a rule. The message may be shown to the caller. */
export class ValidationError extends WeirError {
  override readonly code: string;
  override readonly retryable = false;

  constructor(code: string, message: string, options: WeirErrorOptions = {}) {
    super(message, options);
    this.code = code;
  }
}

/** Something that Weir does not know. Treated as a broken system: waited for and never a record's fault. */
export class UnknownError extends WeirError {
  override readonly code = 'unknown';
  override readonly retryable = true;
}
