import { EXIT, type ExitCode } from '../exit-codes.js';
import { Failure } from '../failures.js';
import { printable } from '../terminal/text-width.js';

const UNAUTHORIZED = 401;
const FORBIDDEN = 403;
const TOO_MANY = 429;
const UNAVAILABLE = 503;
const SERVER_ERRORS = 500;
/** Members of a problem that are told already, or tell nothing. */
const TOLD = new Set(['type', 'title', 'status', 'code', 'detail', 'instance']);

/** What a service answered instead of what was asked for, as RFC 9457 lays it out. */
export class ApiProblem extends Failure {
  constructor(
    app: string,
    readonly status: number,
    readonly code: string,
    /** The problem as it came. */
    readonly problem: Readonly<Record<string, unknown>>,
    /** Null where it did not say. */
    readonly retryAfterMs: number | null,
  ) {
    super(exitCodeOf(status), `${app} refused: ${code} (${status})`, describe(problem));
  }
}

function exitCodeOf(status: number): ExitCode {
  if (status === UNAUTHORIZED || status === FORBIDDEN) return EXIT.keyRefused;
  if (status === UNAVAILABLE || status === TOO_MANY) return EXIT.away;
  return status >= SERVER_ERRORS ? EXIT.failed : EXIT.refused;
}

/** Its detail, and what else it says. */
function describe(problem: Readonly<Record<string, unknown>>): string | null {
  const { detail } = problem;
  const more = Object.entries(problem)
    .filter(([name]) => !TOLD.has(name))
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const said = [typeof detail === 'string' ? detail : null, more.length === 0 ? null : `(${more.join('; ')})`];
  const text = said.filter((part) => part !== null).join(' ');
  return text === '' ? null : printable(text);
}

/** A service that gives no answer. */
export class NoAnswer extends Failure {
  /** False where there was no connection at all that a request could have gone over. */
  readonly mayHaveArrived: boolean;

  constructor(app: string, url: string, { from, cause }: { readonly from: string; readonly cause: unknown }) {
    super(
      EXIT.away,
      `${app} does not answer at ${url}: ${reasonOf(cause)}.`,
      `Does it run there? The address comes from ${from}.`,
      { cause },
    );
    const { code } = rootOf(cause);
    this.mayHaveArrived = typeof code !== 'string' || !NEVER_CONNECTED.has(code);
  }
}

const NEVER_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection is refused',
  ECONNRESET: 'the connection broke',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name of the host cannot be resolved now',
  ETIMEDOUT: 'no answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'no answer in time',
  UND_ERR_SOCKET: 'the connection broke',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
};

/** Why a `fetch` failed. */
function reasonOf(thrown: unknown): string {
  const { name, message, code } = rootOf(thrown);
  if (name === 'TimeoutError') return 'no answer in time';
  if (typeof code === 'string') return WORDS[code] ?? `${code}${typeof message === 'string' ? ` (${message})` : ''}`;
  return typeof message === 'string' && message !== '' ? message : 'no answer';
}

/** What a `fetch` failed by: undici puts it into the cause, and of several addresses into the errors of an AggregateError. */
function rootOf(thrown: unknown): Thrown {
  const members = membersOf(thrown);
  const { name, code, cause, errors } = members;
  if (name === 'TimeoutError' || typeof code === 'string') return members;
  if (cause !== undefined) return rootOf(cause);
  return Array.isArray(errors) && errors.length > 0 ? rootOf(errors[0]) : members;
}

interface Thrown {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
}

const membersOf = (thrown: unknown): Thrown => (typeof thrown === 'object' && thrown !== null ? thrown : {});
