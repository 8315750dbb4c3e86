import { ValidationError } from '@weir/errors';

/** A query string by names; one that occurs more than once has an array. */
export type RawQuery = Readonly<Record<string, string | readonly string[] | undefined>>;

const LABEL_PREFIX = 'label.';
// What neither PostgreSQL's text nor UTF-8 holds. With the u flag a pair of surrogates is one code point, so these are lone ones.
const UNSTORABLE = /[\0\ud800-\udfff]/u;

/**
 * Reads one request's query string, strictly.
 *
 * Every parameter is asked for by name, and `finish` refuses what nobody asked for: a misspelt filter would otherwise
 * answer with more than was meant. One that occurs twice is refused, since each reader of it would choose another.
 * Every refusal is a ValidationError whose code is part of the API (docs/reference/errors.md).
 */
export class Parameters {
  private readonly asked = new Set<string>();

  constructor(private readonly raw: RawQuery) {}

  /** The parameter's text; one that is given but empty counts as missing, since no parameter here may be empty. */
  required(name: string): string {
    const text = this.optional(name);
    if (text === undefined) throw new ValidationError('parameter_missing', `The parameter \`${name}\` is required.`);
    return text;
  }

  optional(name: string): string | undefined {
    const text = this.optionalOrEmpty(name);
    if (text === '') throw new ValidationError('parameter_missing', `The parameter \`${name}\` is empty.`);
    return text;
  }

  /** As `optional`, but an empty text is an answer too. */
  optionalOrEmpty(name: string): string | undefined {
    this.asked.add(name);
    return this.single(name);
  }

  /** All `label.<name>=<value>` filters, by label name. */
  labels(): Record<string, string> {
    const filters: [string, string][] = [];
    for (const name of Object.keys(this.raw)) {
      if (!name.startsWith(LABEL_PREFIX) || name === LABEL_PREFIX) continue;
      this.asked.add(name);
      filters.push([name.slice(LABEL_PREFIX.length), this.single(name) ?? '']);
    }
    return Object.fromEntries(filters); // defines own properties, so that `label.__proto__` is a label like any other
  }

  /** Refuses whatever was not asked for. */
  finish(): void {
    const unknown = Object.keys(this.raw).find((name) => !this.asked.has(name));
    if (unknown !== undefined)
      throw new ValidationError('parameter_unknown', `There is no parameter \`${shortened(unknown)}\` here.`);
  }

  private single(name: string): string | undefined {
    const value = Object.hasOwn(this.raw, name) ? this.raw[name] : undefined;
    if (value === undefined) return undefined;
    if (typeof value !== 'string')
      throw new ValidationError('parameter_repeated', `The parameter \`${shortened(name)}\` is given more than once.`);
    storable(name);
    return storable(value);
  }
}

/** The text itself. Throws ValidationError `parameter_unreadable` where no metric can hold it. */
export function storable(text: string): string {
  if (UNSTORABLE.test(text))
    throw new ValidationError('parameter_unreadable', 'A parameter holds a character that no metric can hold.');
  return text;
}

function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
