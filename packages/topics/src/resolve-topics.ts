import { ConfigurationError } from '@weir/errors';

import type { AppName } from './apps.js';
import { allTopics } from './registry.js';
import type { TopicDefinition } from './topic.js';

/** What the environment says about names: `KAFKA_TOPIC_PREFIX` and `KAFKA_TOPIC_<NAME>`. */
export interface TopicNaming {
  /** Put before every name that has no override, as it stands (so it brings its own dot); empty unless given. */
  readonly prefix?: string;
  /** Full names by the variable's suffix (`METRICS_RAW`) or the registry's name (`metrics.raw`); the prefix is not added. */
  readonly overrides?: Readonly<Record<string, string | undefined>>;
}

/** The registry under the names that this installation uses. */
export interface Topics {
  readonly all: readonly TopicDefinition[];
  /** The name on the broker. Throws for a definition that is not in the registry. */
  name(definition: Pick<TopicDefinition, 'name'>): string;
  /** The definition under its name on the broker. */
  resolved(definition: TopicDefinition): TopicDefinition;
  /** What an app reads or writes: the topics that it needs to be there. */
  of(app: AppName): readonly TopicDefinition[];
}

/** `metrics.raw` → `METRICS_RAW`: what follows `KAFKA_TOPIC_` in the environment. */
export const variableSuffix = (name: string): string => name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');

/**
 * Applies prefix and overrides to the registry.
 *
 * Throws ConfigurationError with every problem at once: names that Kafka refuses, overrides of topics that do not exist, and names
 * that collide (Kafka refuses `a.b` beside `a_b`, since both become one name in its metrics).
 */
export function resolveTopics({ prefix = '', overrides = {} }: TopicNaming = {}): Topics {
  const problems: string[] = [];
  const overrideOf = new Map<string, string>();
  for (const [variable, name] of Object.entries(overrides)) {
    if (name === undefined || name === '') continue;
    const topic = allTopics.find((t) => variableSuffix(t.name) === variableSuffix(variable));
    if (topic === undefined) problems.push(`KAFKA_TOPIC_${variableSuffix(variable)} names no topic of Weir.`);
    else overrideOf.set(topic.name, name);
  }

  const names = new Map(allTopics.map((t) => [t.name, overrideOf.get(t.name) ?? prefix + t.name]));
  for (const [registered, name] of names) problems.push(...namingProblems(registered, name));
  problems.push(...collisions(names));
  if (problems.length > 0) throw new ConfigurationError(problems);

  const name = (definition: Pick<TopicDefinition, 'name'>): string => {
    const found = names.get(definition.name);
    if (found === undefined) throw new ConfigurationError([`"${definition.name}" is not in the registry of topics.`]);
    return found;
  };
  return {
    all: allTopics,
    name,
    resolved: (definition) => ({ ...definition, name: name(definition) }),
    of: (app) => allTopics.filter((t) => t.writtenBy.includes(app) || t.readBy.includes(app)),
  };
}

const MAX_NAME_LENGTH = 249;
const LEGAL_NAME = /^[A-Za-z0-9._-]+$/;

/** Kafka's own rules (`org.apache.kafka.common.internals.Topic`): 1 to 249 of `[A-Za-z0-9._-]`, and neither `.` nor `..`. */
function namingProblems(registered: string, name: string): string[] {
  const says = `The topic ${registered} would be called "${name}"`;
  if (!LEGAL_NAME.test(name) || name === '.' || name === '..')
    return [`${says}, but Kafka allows only letters, digits, ".", "_" and "-", and neither "." nor "..".`];
  if (name.length > MAX_NAME_LENGTH) return [`${says}, which is longer than Kafka's ${MAX_NAME_LENGTH} characters.`];
  if (name.startsWith('__')) return [`${says}, but names that begin with "__" are Kafka's own.`];
  return [];
}

function collisions(names: ReadonlyMap<string, string>): string[] {
  const firstOf = new Map<string, string>();
  const problems: string[] = [];
  for (const [registered, name] of names) {
    const seen = name.replaceAll('.', '_');
    const first = firstOf.get(seen);
    if (first === undefined) firstOf.set(seen, registered);
    else
      problems.push(
        `The topics ${first} and ${registered} would both be called "${name}" (Kafka takes "." and "_" for the same).`,
      );
  }
  return problems;
}
