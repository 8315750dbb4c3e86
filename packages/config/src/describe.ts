import type { Condition, Variable, Variables } from './variable.js';

/** One variable as the documentation shows it. */
export interface VariableDescription {
  readonly name: string;
  readonly kind: Variable<unknown>['kind'];
  readonly about: string;
  readonly accepts: string;
  readonly required: boolean;
  /** "KAFKA_ENABLED is true"; null where nothing else makes it required. */
  readonly requiredWhen: string | null;
  readonly secret: boolean;
  /** As it would be written; null where there is none, and for every secret. */
  readonly default: string | null;
  /** A value to start from; null where there is none. */
  readonly example: string | null;
}

/** Variables in the order of their declaration, as data for documentation; a secret's default is not among it. */
export function describeVariables(variables: Variables): readonly VariableDescription[] {
  return Object.entries(variables).map(([name, variable]) => ({
    name,
    kind: variable.kind,
    about: variable.about,
    accepts: variable.accepts,
    required: variable.required,
    requiredWhen: variable.requiredWhen === null ? null : inWords(variable.requiredWhen),
    secret: variable.secret,
    default: variable.secret ? null : variable.defaultText,
    example: variable.example,
  }));
}

/** "KAFKA_SECURITY_PROTOCOL is SASL_PLAINTEXT or SASL_SSL". */
export function inWords({ variable, is }: Condition): string {
  return `${variable} is ${is === 'given' ? is : is.join(' or ')}`;
}
