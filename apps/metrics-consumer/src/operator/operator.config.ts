import { secret, type Values } from '@weir/config';

export const operatorVariables = {
  OPERATOR_KEY: secret({
    required: false,
    about:
      'What X-Operator-Key must be for what only an operator may do: POST /breaker/close and POST /ledger/skip. Without it nobody may.',
  }),
};

export interface OperatorConfig {
  /** Null where nobody may do what only an operator may. */
  readonly key: string | null;
}

export function operatorConfig(values: Values<typeof operatorVariables>): OperatorConfig {
  return { key: values.OPERATOR_KEY ?? null };
}
