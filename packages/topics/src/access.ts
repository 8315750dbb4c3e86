import type { AppName } from './apps.js';
import type { Topics } from './resolve-topics.js';

export type AccessOperation = 'read' | 'write' | 'create' | 'describe' | 'describe-configs';

/** What a user has to be allowed on one resource of Kafka, or on all whose name starts so (an ACL for each operation). */
export interface AccessRule {
  readonly resource: 'topic' | 'group' | 'transactional-id';
  readonly name: string;
  readonly pattern: 'literal' | 'prefixed';
  readonly operations: readonly AccessOperation[];
}

/** Apps that publish in transactions, under ids that begin with their group. */
const TRANSACTIONAL: readonly AppName[] = ['metrics-consumer', 'admin-service', 'dlq-replayer'];

/** The app by which operators look at all of Weir's topics and at every group, and make and move what they find wrong. */
const OVERSEER: AppName = 'admin-service';

/** Clients that read without a group have to name one all the same; nothing is ever committed under these. */
const GROUPLESS_PREFIX = 'weir-';

/**
 * All that the user of an app needs on a cluster with ACLs, and nothing more.
 *
 * `create` is for an app that finds a topic missing; where topics are made by somebody else it can be left out. Whoever reads a compacted topic
 * reads it whole, without a group.
 */
export function accessOf(app: AppName, topics: Topics, consumerGroup: string): AccessRule[] {
  const overseen = app === OVERSEER;
  const ofTopics = (overseen ? topics.all : topics.of(app)).map((definition): AccessRule => {
    const { readBy, writtenBy } = definition;
    return {
      resource: 'topic',
      name: topics.name(definition),
      pattern: 'literal',
      operations: [
        ...(readBy.includes(app) || overseen ? (['read'] as const) : []),
        ...(writtenBy.includes(app) ? (['write'] as const) : []),
        'create',
        'describe',
        'describe-configs',
      ],
    };
  });
  const inGroup = topics.of(app).some((each) => each.readBy.includes(app) && each.cleanupPolicy !== 'compact');
  // `*` is Kafka's own word for all.
  const group: AccessRule = overseen
    ? { resource: 'group', name: '*', pattern: 'literal', operations: ['read', 'describe'] }
    : { resource: 'group', name: consumerGroup, pattern: 'literal', operations: ['read'] };
  const groupless = {
    resource: 'group',
    name: GROUPLESS_PREFIX,
    pattern: 'prefixed',
    operations: ['describe'],
  } as const;
  const transactions = {
    resource: 'transactional-id',
    name: `${consumerGroup}-`,
    pattern: 'prefixed',
    operations: ['write', 'describe'],
  } as const;
  return [...ofTopics, ...(inGroup ? [group] : []), groupless, ...(TRANSACTIONAL.includes(app) ? [transactions] : [])];
}

/**
 * Under which transactional id the relay of an app's outbox publishes: one for all instances. Apps that were given the same group all the same
 * do not fence each other.
 */
export const outboxTransactionalId = (app: AppName, consumerGroup: string): string => `${consumerGroup}-outbox-${app}`;
