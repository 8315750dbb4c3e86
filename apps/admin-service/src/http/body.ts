import { ValidationError } from '@weir/errors';
import { isStorableText } from '@weir/tenancy';

import { timeOf } from './time.js';

interface NumberBounds {
  readonly min: number;
  readonly max: number;
  readonly integer: boolean;
}

/**
 * Reads the members of a JSON object, strictly: each is asked for by name, and `finish` refuses what nobody asked for.
 *
 * Every refusal is a ValidationError whose code is part of the API (docs/reference/errors.md).
 */
export class Body {
  private readonly members: Readonly<Record<string, unknown>>;
  private readonly asked = new Set<string>();

  /** `what` names the object in refusals; no body at all is an empty one. */
  constructor(
    value: unknown,
    private readonly what = 'The body',
  ) {
    if (value !== undefined && value !== null && !isObject(value))
      throw new ValidationError('body_invalid', `${what} must be a JSON object.`);
    this.members = value ?? {};
  }

  has(name: string): boolean {
    return this.peek(name) !== undefined;
  }

  /** A text of 1 to `max` characters that can be stored and shown. */
  text(name: string, max: number): string {
    const value = this.required(name);
    if (typeof value !== 'string' || value.trim() === '' || value.length > max || !isStorableText(value))
      throw invalid(name, `a text of 1 to ${max} characters`);
    return value.trim();
  }

  choice<Choice extends string>(name: string, choices: readonly Choice[]): Choice {
    const value = this.required(name);
    const chosen = choices.find((choice) => choice === value);
    if (chosen === undefined) throw invalid(name, `one of ${choices.join(', ')}`);
    return chosen;
  }

  /** One or more of the choices, each once. */
  choices<Choice extends string>(name: string, choices: readonly Choice[]): Choice[] {
    const value = this.required(name);
    const given: readonly unknown[] = Array.isArray(value) ? value : [];
    const chosen = choices.filter((choice) => given.includes(choice));
    if (chosen.length === 0 || chosen.length !== given.length)
      throw invalid(name, `a list of one or more of ${choices.join(', ')}, each once`);
    return chosen;
  }

  /** One or more texts, each once. */
  texts(name: string, most: number): string[] {
    const value = this.required(name);
    const given: readonly unknown[] = Array.isArray(value) ? value : [];
    const texts = given.filter((each) => typeof each === 'string');
    const right = texts.length === given.length && new Set(texts).size === given.length;
    if (!right || given.length === 0 || given.length > most)
      throw invalid(name, `a list of 1 to ${most} texts, each once`);
    return texts;
  }

  /** One or more whole numbers from 0 on, each once. */
  integers(name: string, most: number): number[] {
    const value = this.required(name);
    const given: readonly unknown[] = Array.isArray(value) ? value : [];
    const numbers = given.filter((each) => typeof each === 'number' && Number.isSafeInteger(each) && each >= 0);
    const right = numbers.length === given.length && new Set(numbers).size === given.length;
    if (!right || given.length === 0 || given.length > most)
      throw invalid(name, `a list of 1 to ${most} whole numbers from 0 on, each once`);
    return numbers.map(Number);
  }

  /** False where it is absent. */
  flag(name: string): boolean {
    const value = this.peek(name) ?? false;
    if (typeof value !== 'boolean') throw invalid(name, 'true or false');
    return value;
  }

  /** Any JSON but null. */
  json(name: string): unknown {
    return this.required(name);
  }

  /** The members of an object whose values are texts or numbers, as texts; empty where it is absent. */
  scalars(name: string): Record<string, string> {
    const value = this.peek(name) ?? {};
    const entries = isObject(value) ? Object.entries(value) : [['', null] as const];
    return Object.fromEntries(
      entries.map(([key, each]) => {
        if (typeof each !== 'string' && typeof each !== 'number') throw invalid(name, 'an object of texts and numbers');
        return [key, String(each)];
      }),
    );
  }

  number(name: string, bounds: NumberBounds): number {
    this.required(name);
    return this.optionalNumber(name, bounds) ?? bounds.min;
  }

  /** Null where it is null or absent. */
  optionalNumber(name: string, bounds: NumberBounds): number | null {
    const value = this.peek(name) ?? null;
    if (value === null) return null;
    const { min, max, integer } = bounds;
    if (typeof value === 'number' && value >= min && value <= max && (!integer || Number.isInteger(value)))
      return value;
    throw invalid(name, `${integer ? 'a whole number' : 'a number'} from ${min} to ${max}, or null`);
  }

  /** RFC 3339 with its offset, or epoch milliseconds, as epoch milliseconds; null where it is null or absent. */
  optionalTime(name: string): number | null {
    const value = this.peek(name) ?? null;
    if (value === null) return null;
    const timeMs = timeOf(value);
    if (timeMs === null) throw invalid(name, 'a time as RFC 3339 with its offset, or as epoch milliseconds');
    return timeMs;
  }

  /** The object of this name; empty where it is absent. */
  object(name: string): Body {
    return new Body(this.peek(name), `\`${name}\``);
  }

  /** Refuses whatever was not asked for. */
  finish(): void {
    const unknown = Object.keys(this.members).find((name) => !this.asked.has(name));
    if (unknown !== undefined)
      throw new ValidationError('field_unknown', `${this.what} has no member \`${unknown.slice(0, 80)}\`.`);
  }

  private required(name: string): unknown {
    const value = this.peek(name) ?? null;
    if (value === null) throw new ValidationError('field_missing', `The member \`${name}\` is required.`);
    return value;
  }

  private peek(name: string): unknown {
    this.asked.add(name);
    return Object.hasOwn(this.members, name) ? this.members[name] : undefined;
  }
}

function invalid(name: string, accepts: string): ValidationError {
  return new ValidationError('field_invalid', `\`${name}\` must be ${accepts}.`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
