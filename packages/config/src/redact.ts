import type { Variables } from './variable.js';

export type ShownValue = string | number | boolean | null;

const declarations = new WeakMap<object, Variables>();

/** Lets `redacted` know what the values were declared as. */
export function remember(values: object, variables: Variables): void {
  declarations.set(values, variables);
}

/**
 * What a log may show of the values that `parseEnvironment` returned.
 *
 * It shows what is declared as no secret, without credentials inside URLs, and of a secret only whether it is given.
 * Values that `parseEnvironment` did not make are unknown to it and show nothing.
 */
export function redacted(values: Readonly<Record<string, unknown>>): Readonly<Record<string, ShownValue>> {
  const variables = declarations.get(values) ?? {};
  return Object.fromEntries(
    Object.entries(variables).map(([name, { secret }]) => {
      const value = values[name];
      if (value === undefined) return [name, null];
      return [name, secret ? '(secret)' : shown(value)];
    }),
  );
}

function shown(value: unknown): ShownValue {
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  return String(value).replace(/\/\/[^/?#\s]+@/gu, '//***@');
}
