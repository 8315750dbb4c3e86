/** Facts about where an error happened, for logs. Never a key, a secret or a payload. */
export type ErrorContext = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface WeirErrorOptions extends ErrorOptions {
  readonly context?: ErrorContext;
  /** Replaces the class's own code where one class serves several. */
  readonly code?: string;
  /** Replaces the class's own answer where one class serves several. */
  readonly retryable?: boolean;
  /** False for an error that says what is wrong with a record and is thrown by nobody: finding out where it was made takes longer than all else. */
  readonly stack?: false;
}

/** Of an error that is an answer. */
export const UNTHROWN = { stack: false } as const satisfies WeirErrorOptions;

/**
 * Base of every error that Weir throws.
 *
 * It carries what may be done about it: `code` is stable and documented (docs/reference/errors.md), `retryable` says
 * whether the same call can succeed later without anything being changed, `context` tells where. The message is
 * for logs and operators; what an HTTP caller reads is chosen where the answer is made.
 */
export abstract class WeirError extends Error {
  abstract readonly code: string;
  abstract readonly retryable: boolean;
  readonly context: ErrorContext;

  constructor(message: string, options: WeirErrorOptions = {}) {
    const frames = Error.stackTraceLimit;
    if (options.stack === false) Error.stackTraceLimit = 0;
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    Error.stackTraceLimit = frames;
    this.name = new.target.name;
    this.context = options.context ?? {};
  }
}
