import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ValidationError } from '@weir/errors';
import type { FastifyRequest } from 'fastify';

import { timeOf } from './time.js';

const MAX_LIMIT = 500;
const USUAL_LIMIT = 100;
const MAX_TEXT = 500;
// What PostgreSQL's text does not hold, and what stands for bytes that are no UTF-8.
const UNREADABLE = /[\0\ufffd]/;

/** What part of a list is asked for. */
export interface PageRequest {
  readonly limit: number;
  readonly cursor: string | null;
}

/**
 * Reads one request's query string, strictly: each parameter is asked for by name, `finish` refuses what nobody asked for, and
 * none may be given twice or be empty. Every refusal is a ValidationError whose code is part of the API.
 */
export class Parameters {
  private readonly given: URLSearchParams;
  private readonly asked = new Set<string>();

  /** `target` is the request's, path and all. */
  constructor(target: string) {
    const mark = target.indexOf('?');
    this.given = new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1));
  }

  text(name: string): string | null {
    this.asked.add(name);
    const [value = null, ...more] = this.given.getAll(name);
    if (more.length > 0) throw new ValidationError('parameter_repeated', `\`${name}\` is given more than once.`);
    if (value !== null && (value === '' || value.length > MAX_TEXT || UNREADABLE.test(value)))
      throw invalid(name, `a text of 1 to ${MAX_TEXT} characters`);
    return value;
  }

  choice<Choice extends string>(name: string, choices: readonly Choice[]): Choice | null {
    const value = this.text(name);
    if (value === null) return null;
    const chosen = choices.find((choice) => choice === value);
    if (chosen === undefined) throw invalid(name, `one of ${choices.join(', ')}`);
    return chosen;
  }

  /** A whole number from 0 to `max`. */
  integer(name: string, max = Number.MAX_SAFE_INTEGER): number | null {
    const value = this.text(name);
    if (value === null) return null;
    const number = /^\d{1,16}$/.test(value) ? Number(value) : Infinity;
    if (number > max) throw invalid(name, `a whole number from 0 to ${max}`);
    return number;
  }

  /** As RFC 3339 or epoch milliseconds; answers the latter. */
  time(name: string): number | null {
    const value = this.text(name);
    if (value === null) return null;
    const timeMs = timeOf(value);
    if (timeMs === null)
      throw invalid(name, 'RFC 3339 with its offset (a "+" is written %2B in a query string), or epoch milliseconds');
    return timeMs;
  }

  /** `limit` and `cursor`. A limit out of bounds is refused and never clamped: nobody takes a part for all. */
  page(): PageRequest {
    const text = this.text('limit');
    const limit = text === null ? USUAL_LIMIT : Number(/^\d{1,6}$/.test(text) ? text : 0);
    if (limit < 1 || limit > MAX_LIMIT) throw invalid('limit', `a whole number from 1 to ${MAX_LIMIT}`);
    return { limit, cursor: this.text('cursor') };
  }

  /** Refuses whatever was not asked for. */
  finish(): void {
    const unknown = [...this.given.keys()].find((name) => !this.asked.has(name));
    if (unknown !== undefined)
      throw new ValidationError('parameter_unknown', `There is no parameter \`${unknown.slice(0, 80)}\` here.`);
  }
}

function invalid(name: string, accepts: string): ValidationError {
  return new ValidationError('parameter_invalid', `\`${name}\` must be ${accepts}.`);
}

/** The request's query string, as a controller's parameter. */
export const QueryParameters = createParamDecorator((_data: unknown, context: ExecutionContext): Parameters => {
  return new Parameters(context.switchToHttp().getRequest<FastifyRequest>().url);
});
