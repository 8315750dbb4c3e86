import type { TopicReport } from '@weir/kafka';
import type { TopicDefinition } from '@weir/topics';

import type { Call } from '../access/call.js';
import type { AuditTrail } from '../audit/audit-trail.js';
import type { Database } from '../database/database.js';
import type { Page } from '../http/page.js';
import type { PageRequest } from '../http/parameters.js';
import { AdminRefusal } from '../http/problems.js';
import type { Cluster, ClusterClients } from './cluster.js';
import { pageOfNames } from './page-of-names.js';
import {
  RATE_WINDOW_MS,
  type TopicDetail,
  topicDetail,
  type TopicFacts,
  topicView,
  type TopicView,
} from './topic-views.js';

/** Kafka's own rule; what breaks it is no topic. */
const TOPIC_NAME = /^[A-Za-z0-9._-]{1,249}$/;

/** A definition of the registry, and under which name it is on the brokers. */
export interface ResolvedTopic {
  readonly definition: TopicDefinition;
  readonly resolved: TopicDefinition;
}

/** What making the missing topics came to. */
export interface MadeTopics {
  readonly created: readonly string[];
  /** Those that are still missing, and why. */
  readonly missing: readonly Pick<TopicReport, 'name' | 'problem' | 'code'>[];
}

/** Topics as they are on the brokers, held against the registry of topics. */
export class ClusterTopics {
  constructor(
    private readonly cluster: Cluster,
    private readonly database: Database,
    private readonly trail: AuditTrail,
    /** Every topic of Weir's. */
    private readonly own: readonly ResolvedTopic[],
    private readonly clock: () => number = Date.now,
  ) {}

  /** By name: Weir's, missing ones too, and where `all` those of others. Kafka's own are left out. */
  list(all: boolean, page: PageRequest): Promise<Page<TopicView>> {
    return this.cluster.ask(async (clients) => {
      const there = all ? await clients.admin.listTopics() : [];
      const named = [
        ...this.own.map(({ resolved }) => resolved.name),
        ...there.filter((name) => !name.startsWith('__')),
      ];
      const names = pageOfNames([...new Set(named)].toSorted(), all ? 'topics' : 'own topics', page);
      const facts = await this.factsOf(clients, names.items);
      // One that was deleted a moment ago is no topic any more.
      const items = facts.filter(({ description, report }) => description !== null || report !== null);
      return { items: items.map(topicView), nextCursor: names.nextCursor };
    });
  }

  /** Throws AdminRefusal `topic_not_found` for one that is neither there nor Weir's. */
  get(name: string): Promise<TopicDetail> {
    return this.cluster.ask(async (clients) => {
      const [facts] = TOPIC_NAME.test(name) ? await this.factsOf(clients, [name]) : [];
      if (facts === undefined || (facts.description === null && facts.report === null))
        throw new AdminRefusal('topic_not_found');
      const settings = facts.description === null ? new Map() : await clients.admin.describeConfigs([name]);
      return topicDetail(facts, settings.get(name) ?? new Map());
    });
  }

  /** Makes what is missing of Weir's own topics; what is there is never altered. */
  createMissing(call: Call): Promise<MadeTopics> {
    return this.cluster.ask(async ({ admin }) => {
      const definitions = this.own.map(({ resolved }) => resolved);
      const missing = (await admin.ensureTopics(definitions, { create: false })).filter(isMissing);
      const names = missing.map(({ name }) => name);
      // Into the audit first: nothing is made that nobody made.
      await this.database.transaction((transaction) =>
        this.trail.changed(transaction, call, { target: null, before: { missing: names }, after: { missing: [] } }),
      );
      if (names.length === 0) return { created: [], missing: [] };
      const reports = await admin.ensureTopics(definitions.filter(({ name }) => names.includes(name)));
      return {
        created: reports.filter((report) => !isMissing(report)).map(({ name }) => name),
        missing: reports.filter(isMissing).map(({ name, problem, code }) => ({ name, problem, code })),
      };
    });
  }

  /** In a few round trips, however many topics they are. */
  private async factsOf({ admin }: ClusterClients, names: readonly string[]): Promise<TopicFacts[]> {
    const own = this.own.filter(({ resolved }) => names.includes(resolved.name));
    const [described, reports] = await Promise.all([
      admin.describeTopics(names),
      own.length === 0
        ? []
        : admin.ensureTopics(
            own.map(({ resolved }) => resolved),
            { create: false },
          ),
    ]);
    const there = described.map(({ name }) => name);
    const [marks, before] = await Promise.all([
      admin.watermarks(there),
      admin.offsetsAt(there, this.clock() - RATE_WINDOW_MS),
    ]);
    return names.map((name) => ({
      name,
      description: described.find((topic) => topic.name === name) ?? null,
      report: reports.find((report) => report.name === name) ?? null,
      definition: own.find(({ resolved }) => resolved.name === name)?.definition ?? null,
      marks: marks.filter(({ topic }) => topic === name),
      before: new Map(before.filter(({ topic }) => topic === name).map(({ partition, offset }) => [partition, offset])),
    }));
  }
}

const isMissing = ({ status }: TopicReport): boolean => status === 'missing';
