import type { Condition, Parsed, Variable } from './variable.js';

export interface VariableOptions<T> {
  /** One line: what it is for. */
  readonly about: string;
  /** Used where nothing is given. Its absence makes the variable required, unless `required` says otherwise. */
  readonly default?: T;
  readonly required?: boolean;
  /** Makes an optional variable required where another has one of these values. */
  readonly requiredWhen?: Condition;
  readonly secret?: boolean;
  /** A value to start from, for `.env.example`. */
  readonly example?: string;
}

/** `undefined` is among the values only of a variable that may be missing. */
type Given<T, Options> = Options extends { readonly default: T }
  ? T
  : Options extends { readonly required: false } | { readonly requiredWhen: Condition }
    ? T | undefined
    : T;

interface Shape<T> {
  readonly kind: Variable<T>['kind'];
  readonly accepts: string;
  readonly write?: (value: T) => string;
  readonly parse: (text: string) => Parsed<T>;
}

function declare<T, Options extends VariableOptions<T>>(
  options: Options,
  { kind, accepts, parse, write = String }: Shape<T>,
): Variable<Given<T, Options>> {
  const fallback = options.default;
  const declared: Variable<T> = {
    kind,
    accepts,
    about: options.about,
    required: fallback === undefined && options.requiredWhen === undefined && options.required !== false,
    requiredWhen: options.requiredWhen ?? null,
    secret: options.secret ?? false,
    fallback,
    defaultText: fallback === undefined ? null : write(fallback),
    example: options.example ?? null,
    parse,
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `Given` states in types what `required` is in data
  return declared as Variable<Given<T, Options>>;
}

/** Any text that is not empty, or only what `pattern` matches. */
export function text<const O extends VariableOptions<string> & { readonly pattern?: RegExp; readonly shape?: string }>(
  options: O,
): Variable<Given<string, O>> {
  const accepts = options.shape ?? 'text';
  return declare<string, O>(options, {
    kind: 'text',
    accepts,
    parse: (given) =>
      options.pattern === undefined || options.pattern.test(given)
        ? { value: given }
        : { problem: `must be ${accepts}` },
  });
}

/** A text that is never shown, and that a file named by `<NAME>_FILE` may hold. */
export function secret<const O extends VariableOptions<string>>(options: O): Variable<Given<string, O>> {
  return { ...text(options), secret: true };
}

/** A whole number within its bounds. */
export function integer<const O extends VariableOptions<number> & { readonly min?: number; readonly max?: number }>(
  options: O,
): Variable<Given<number, O>> {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = options;
  const accepts = `an integer${range(options.min, options.max, String)}`;
  return declare<number, O>(options, {
    kind: 'integer',
    accepts,
    parse: (given) => {
      const value = /^-?\d{1,16}$/.test(given) ? Number(given) : NaN;
      return value >= min && value <= max ? { value } : { problem: `must be ${accepts}` };
    },
  });
}

/** A part of something: over 0 and up to 1. */
export function share<const O extends VariableOptions<number>>(options: O): Variable<Given<number, O>> {
  const accepts = 'a number over 0 and up to 1';
  return declare<number, O>(options, {
    kind: 'share',
    accepts,
    parse: (given) => {
      const value = /^\d(?:\.\d{1,6})?$/.test(given) ? Number(given) : NaN;
      return value > 0 && value <= 1 ? { value } : { problem: `must be ${accepts}` };
    },
  });
}

/** `true` or `false`; 1, 0, yes, no, on and off are taken too. */
export function flag<const O extends VariableOptions<boolean>>(options: O): Variable<Given<boolean, O>> {
  return declare<boolean, O>(options, {
    kind: 'flag',
    accepts: 'true or false',
    parse: (given) => {
      if (/^(?:true|1|yes|on)$/i.test(given)) return { value: true };
      if (/^(?:false|0|no|off)$/i.test(given)) return { value: false };
      return { problem: 'must be true or false' };
    },
  });
}

/** An absolute URL of one of the `protocols` (`http` and `https` unless given), kept as it was written. */
export function url<const O extends VariableOptions<string> & { readonly protocols?: readonly string[] }>(
  options: O,
): Variable<Given<string, O>> {
  const protocols = options.protocols ?? ['http', 'https'];
  const accepts = `a URL that begins with ${protocols.map((protocol) => `${protocol}://`).join(' or ')}`;
  return declare<string, O>(options, {
    kind: 'url',
    accepts,
    parse: (given) =>
      URL.canParse(given) && protocols.some((protocol) => given.startsWith(`${protocol}://`))
        ? { value: given }
        : { problem: `must be ${accepts}` },
  });
}

const UNITS = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** A time in milliseconds, or with a unit: `500`, `500ms`, `30s`, `5m`, `2h`, `7d`. Its value is in milliseconds. */
export function duration<const O extends VariableOptions<number> & { readonly min?: number; readonly max?: number }>(
  options: O,
): Variable<Given<number, O>> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = options;
  const accepts = `a time in milliseconds or with a unit (ms, s, m, h, d)${range(options.min, options.max, inWords)}`;
  return declare<number, O>(options, {
    kind: 'duration',
    accepts,
    write: inWords,
    parse: (given) => {
      const [, amount, unit] = /^(\d{1,15})(ms|s|m|h|d)?$/.exec(given) ?? [];
      const value = Number(amount ?? NaN) * (UNITS.get(unit ?? 'ms') ?? NaN);
      return value >= min && value <= max ? { value } : { problem: `must be ${accepts}` };
    },
  });
}

/** One of a closed list, as it stands there. */
export function oneOf<const Choice extends string, const O extends VariableOptions<Choice> = VariableOptions<Choice>>(
  choices: readonly Choice[],
  options: O & VariableOptions<Choice>,
): Variable<Given<Choice, O>> {
  const accepts = `one of ${choices.join(', ')}`;
  return declare<Choice, O>(options, {
    kind: 'choice',
    accepts,
    parse: (given) => {
      const value = choices.find((choice) => choice === given);
      return value === undefined ? { problem: `must be ${accepts}` } : { value };
    },
  });
}

/** Texts separated by commas; spaces around each are dropped. */
export function list<const O extends VariableOptions<readonly string[]>>(
  options: O,
): Variable<Given<readonly string[], O>> {
  return declare<readonly string[], O>(options, {
    kind: 'list',
    accepts: 'texts separated by commas',
    write: (values) => values.join(','),
    parse: (given) => ({
      value: given
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    }),
  });
}

/** 90000 as `90s`: the largest unit that needs no fraction. */
function inWords(ms: number): string {
  const units = [...UNITS].toReversed();
  const [unit, size] = units.find(([, length]) => ms !== 0 && ms % length === 0) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}

function range(min: number | undefined, max: number | undefined, write: (bound: number) => string): string {
  if (min !== undefined && max !== undefined) return ` from ${write(min)} to ${write(max)}`;
  if (min !== undefined) return ` of at least ${write(min)}`;
  if (max !== undefined) return ` of at most ${write(max)}`;
  return '';
}
