import { ConfigurationError } from '@weir/errors';

import { shownAddress } from './address.js';
import { inWords } from './describe.js';
import { type Environment, processEnvironment, textOf } from './environment.js';
import { remember } from './redact.js';
import type { Values, Variable, Variables } from './variable.js';

/**
 * Turns the environment into one typed object.
 *
 * A variable that is empty counts as not given. A secret may stand in a file instead, named by `<NAME>_FILE`; the line
 * end after it is dropped. Throws a ConfigurationError with a sentence for every problem at once; none quotes a secret.
 */
export function parseEnvironment<const V extends Variables>(
  variables: V,
  env: Environment = processEnvironment(),
): Values<V> {
  const problems: string[] = [];
  const values = Object.fromEntries(
    Object.entries(variables).map(([name, variable]) => {
      const given = givenText(name, variable, env);
      if ('problem' in given) problems.push(given.problem);
      return [name, 'text' in given ? valueOf(name, variable, given.text, problems) : undefined];
    }),
  );
  problems.push(...unmetConditions(variables, values, env));
  if (problems.length > 0) throw new ConfigurationError(problems);
  remember(values, variables);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each value came from its own variable's `parse`
  return values as Values<V>;
}

type Given = { readonly text: string | null } | { readonly problem: string };

function givenText(name: string, variable: Variable<unknown>, env: Environment): Given {
  const direct = nonEmpty(env[name]);
  const path = variable.secret ? nonEmpty(env[`${name}_FILE`]) : null;
  if (path === null) return { text: variable.secret ? direct : nonEmpty(direct?.trim()) };
  if (direct !== null) return { problem: `${name} and ${name}_FILE are both given; only one may be` };
  const content = textOf(path);
  if (content === null) return { problem: `${name}_FILE names "${path}", which cannot be read` };
  return { text: nonEmpty(content.replace(/\r?\n$/, '')) };
}

function valueOf(name: string, variable: Variable<unknown>, given: string | null, problems: string[]): unknown {
  if (given === null) {
    if (variable.required) problems.push(`${name} is required: ${variable.about}`);
    return variable.fallback;
  }
  const parsed = variable.parse(given);
  if ('value' in parsed) return parsed.value;
  const shown = variable.kind === 'url' ? shownAddress(given) : given;
  problems.push(`${name} ${parsed.problem}${variable.secret ? '' : `, but is "${shortened(shown)}"`}`);
  return undefined;
}

/** Problems of variables that another one makes required; told beside all others, and not only after those are mended. */
function unmetConditions(variables: Variables, values: Readonly<Record<string, unknown>>, env: Environment): string[] {
  return Object.entries(variables).flatMap(([name, { requiredWhen, about }]) => {
    if (requiredWhen === null || values[name] !== undefined) return [];
    if (nonEmpty(env[name]) !== null || nonEmpty(env[`${name}_FILE`]) !== null) return [];
    const other = values[requiredWhen.variable];
    const holds = requiredWhen.is === 'given' ? other !== undefined : requiredWhen.is.some((value) => value === other);
    return holds ? [`${name} is required where ${inWords(requiredWhen)}: ${about}`] : [];
  });
}

const nonEmpty = (text: string | null | undefined): string | null => (text === undefined || text === '' ? null : text);

const shortened = (text: string): string => (text.length <= 80 ? text : `${text.slice(0, 80)}…`);
