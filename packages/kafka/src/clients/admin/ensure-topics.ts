import { KafkaAdminError } from '@weir/errors';
import type { TopicDefinition } from '@weir/topics';
import { setTimeout as wait } from 'node:timers/promises';

import type { KafkaAdmin } from './kafka-admin.js';
import { onceVisible, VISIBLE_WITHIN_MS } from './once-visible.js';
import { type TopicDrift, topicConfig, topicDrift } from './topic-shape.js';

/** How a topic of the registry was found. `missing`: not there, and it could not be made. */
export interface TopicReport {
  readonly name: string;
  readonly status: 'created' | 'ok' | 'drift' | 'missing';
  readonly topicId: string | null;
  /** Empty unless the status is `drift`. */
  readonly drift: readonly TopicDrift[];
  /** Why a topic is missing. */
  readonly problem: string | null;
  /** Code of the error that kept it from being made; null where none did. */
  readonly code: string | null;
}

export interface EnsureTopicsOptions {
  /** Makes topics that are missing; true unless given. */
  readonly create?: boolean;
}

/** See `KafkaAdmin.ensureTopics`. */
export async function ensureTopics(
  admin: Pick<KafkaAdmin, 'ping' | 'createTopic' | 'describeTopics' | 'describeConfigs'>,
  definitions: readonly TopicDefinition[],
  { create = true }: EnsureTopicsOptions,
): Promise<TopicReport[]> {
  const { brokerCount, topics } = await admin.ping();
  const missing = definitions.filter((definition) => !topics.includes(definition.name));
  const attempts = create
    ? await Promise.all(missing.map((definition) => attempt(admin, definition, brokerCount)))
    : [];
  const problems = new Map(attempts.flatMap(({ name, error }) => (error === null ? [] : [[name, error] as const])));
  const made = new Set(attempts.flatMap(({ name, outcome }) => (outcome === 'created' ? [name] : [])));

  const expected = definitions
    .map((d) => d.name)
    .filter((name) => topics.includes(name) || (create && !problems.has(name)));
  const described = new Map((await describeOnceVisible(admin, expected)).map((d) => [d.name, d]));
  const present = [...described.keys()];
  // Another broker may be asked than the one that described them.
  const settings = present.length === 0 ? new Map() : await onceVisible(() => admin.describeConfigs(present));

  return definitions.map((definition): TopicReport => {
    const { name } = definition;
    const description = described.get(name);
    if (description === undefined)
      return {
        name,
        status: 'missing',
        topicId: null,
        drift: [],
        problem: problems.get(name)?.message ?? 'the topic is not there',
        code: problems.get(name)?.code ?? null,
      };
    const drift = topicDrift(definition, description, settings.get(name) ?? new Map(), brokerCount);
    const status = drift.length > 0 ? 'drift' : made.has(name) ? 'created' : 'ok';
    return { name, status, topicId: description.topicId, drift, problem: null, code: null };
  });
}

interface Attempt {
  readonly name: string;
  readonly outcome: 'created' | 'exists' | null;
  readonly error: KafkaAdminError | null;
}

/** Another service that starts at the same moment may be quicker; that is no problem. A cluster that is away rejects. */
async function attempt(
  admin: Pick<KafkaAdmin, 'createTopic'>,
  definition: TopicDefinition,
  brokerCount: number,
): Promise<Attempt> {
  const { name, partitions } = definition;
  try {
    const outcome = await admin.createTopic({ name, partitions, config: topicConfig(definition, brokerCount) });
    return { name, outcome, error: null };
  } catch (error) {
    if (!(error instanceof KafkaAdminError) || error.code === 'kafka_unavailable') throw error;
    return { name, outcome: null, error };
  }
}

/** A topic that was just made shows on every broker a moment later. */
async function describeOnceVisible(
  admin: Pick<KafkaAdmin, 'describeTopics'>,
  names: readonly string[],
): ReturnType<KafkaAdmin['describeTopics']> {
  for (const deadline = Date.now() + VISIBLE_WITHIN_MS; ;) {
    const described = await admin.describeTopics(names);
    const complete =
      described.length === names.length && described.every((d) => d.partitions.every((p) => p.leader !== null));
    if (complete || Date.now() > deadline) return described;
    await wait(50);
  }
}
