/** What a text turned out to be: a value, or a sentence part that follows the variable's name ("must be …"). */
export type Parsed<T> = { readonly value: T } | { readonly problem: string };

/** When another variable must be given: where this one has one of these values (as parsed), or is given at all. */
export interface Condition {
  readonly variable: string;
  readonly is: readonly (string | number | boolean)[] | 'given';
}

/** One variable of the environment, as data: what it means, what it accepts, and whether it may be shown. */
export interface Variable<T> {
  readonly kind: 'text' | 'integer' | 'share' | 'flag' | 'url' | 'duration' | 'choice' | 'list';
  /** One line for the documentation. */
  readonly about: string;
  /** What is accepted, in words: "an integer from 1 to 100". */
  readonly accepts: string;
  /** The process refuses to start without it. */
  readonly required: boolean;
  /** The process refuses to start without it where another variable has one of these values. */
  readonly requiredWhen: Condition | null;
  /** Never shown, and may be given as a file by `<NAME>_FILE`. */
  readonly secret: boolean;
  /** Used where nothing is given; `undefined` where there is none. */
  readonly fallback: T | undefined;
  /** The default as someone would write it into the environment; null where there is none. */
  readonly defaultText: string | null;
  /** A value to start from, for what has no default; null where there is none. */
  readonly example: string | null;
  readonly parse: (text: string) => Parsed<T>;
}

export type Variables = Readonly<Record<string, Variable<unknown>>>;

/** The typed object that `parseEnvironment` makes of variables. */
export type Values<V extends Variables> = {
  readonly [Name in keyof V]: V[Name] extends Variable<infer T> ? T : never;
};
