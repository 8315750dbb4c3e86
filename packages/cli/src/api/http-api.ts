import { EXIT } from '../exit-codes.js';
import { Failure } from '../failures.js';
import type { AppAddress } from '../settings/settings.js';
import type { Page } from './answers.js';
import { ApiProblem, NoAnswer } from './problem.js';

export interface HttpApiOptions {
  readonly app: string;
  readonly address: AppAddress;
  /** The header that the key goes into, and the key. */
  readonly key?: readonly [header: string, key: string];
  readonly signal: AbortSignal;
  /** 30 s unless given. */
  readonly timeoutMs?: number;
}

/** Parameters of a query string; what is undefined is left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

interface Request {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const USUAL_TIMEOUT_MS = 30_000;
const PAGE_ITEMS = 100;
const SECOND_MS = 1_000;

/**
 * Asks one service.
 *
 * Rejects with ApiProblem where it refuses, with NoAnswer where it does not answer in time, and with the signal's reason once that has fired. It
 * follows no redirect: the key would go with it.
 */
export class HttpApi {
  constructor(private readonly options: HttpApiOptions) {}

  /** The same with another time limit for one answer. */
  within(timeoutMs: number): HttpApi {
    return new HttpApi({ ...this.options, timeoutMs });
  }

  async get<T>(path: string, query: Query = {}): Promise<T> {
    return typed<T>(await this.ask({ method: 'GET', path: `${path}${queryString(query)}` }));
  }

  async send<T>(
    method: 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<T> {
    return typed<T>(
      await this.ask({ method, path, headers, ...(body !== undefined && { body: JSON.stringify(body) }) }),
    );
  }

  /** Takes a JSON text as it is, and answers also what a client is expected to deal with itself: `accepts` names those statuses. */
  async sendText<T>(path: string, text: string, accepts: readonly number[]): Promise<T> {
    return typed<T>(await this.ask({ method: 'POST', path, body: text }, accepts));
  }

  /** A text that is no JSON. */
  async text(path: string): Promise<string> {
    const { response, text } = await this.exchange({ method: 'GET', path });
    if (!response.ok) throw this.strange(response.status);
    return text;
  }

  /** An answer also where its status is an error: health is told with 503. */
  async look<T>(path: string): Promise<T> {
    return typed<T>(await this.ask({ method: 'GET', path }, [503]));
  }

  /** The first `limit` items of a list, page after page. */
  async list<Item>(path: string, query: Query = {}, limit = Infinity): Promise<Item[]> {
    const items: Item[] = [];
    for (let cursor: string | undefined; items.length < limit;) {
      const page: Page<Item> = await this.get(path, {
        ...query,
        cursor,
        limit: Math.min(PAGE_ITEMS, limit - items.length),
      });
      items.push(...page.items);
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
    }
    return items;
  }

  private async ask(request: Request, accepts: readonly number[] = []): Promise<unknown> {
    const { response, text } = await this.exchange(request);
    const { status } = response;
    const answer = jsonOf(text);
    if (answer === undefined) throw this.strange(status);
    if (!response.ok && !accepts.includes(status)) throw problemOf(this.options.app, response, answer);
    return answer;
  }

  private async exchange({
    method,
    path,
    body,
    headers = {},
  }: Request): Promise<{ readonly response: Response; readonly text: string }> {
    const { app, key, signal, timeoutMs = USUAL_TIMEOUT_MS, address } = this.options;
    try {
      const response = await fetch(`${address.url}${path}`, {
        method,
        headers: {
          accept: 'application/json, */*;q=0.5',
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(address.authorization !== undefined && { authorization: address.authorization }),
          ...(key !== undefined && { [key[0]]: key[1] }),
          ...headers,
        },
        ...(typeof body === 'string' && { body }),
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      return { response, text: await response.text() };
    } catch (cause) {
      signal.throwIfAborted();
      throw new NoAnswer(app, address.url, { from: address.from, cause });
    }
  }

  private strange(status: number): Failure {
    const { app, address } = this.options;
    return new Failure(
      EXIT.failed,
      `What answers at ${address.url} is not ${app}: status ${status}, and no JSON.`,
      `The address comes from ${address.from}.`,
    );
  }
}

function problemOf(app: string, { status, headers }: Response, body: unknown): ApiProblem {
  const problem = typed<Readonly<Record<string, unknown>>>(typeof body === 'object' && body !== null ? body : {});
  const { code } = problem;
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return new ApiProblem(
    app,
    status,
    typeof code === 'string' ? code : 'unknown',
    problem,
    Number.isFinite(seconds) ? seconds * SECOND_MS : null,
  );
}

/** Undefined for what is no JSON. */
function jsonOf(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return undefined;
  }
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the services' contract, which a test of the whole system holds
const typed = <T>(body: unknown): T => body as T;

function queryString(query: Query): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as const],
  );
  return given.length === 0 ? '' : `?${new URLSearchParams(Object.fromEntries(given)).toString()}`;
}

/** A part of a path, as it may be put there. */
export const segment = (text: string): string => encodeURIComponent(text);
