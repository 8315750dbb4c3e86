import type { Group, GroupDetail, Messages, Topic, TopicDetail } from '../api/answers.js';
import { type HttpApi, segment } from '../api/http-api.js';
import { adminApi, type Context } from '../context.js';

/** Which messages of one partition: the last ones. */
export interface PeekRequest {
  readonly topic: string;
  readonly partition: number;
  readonly limit: number;
  /** Without it only what stands around a message is told, which a viewer may see. */
  readonly payload: boolean;
}

export interface EnsuredTopics {
  readonly created: readonly string[];
  /** Those that are missing all the same, and why. */
  readonly missing: readonly { readonly name: string; readonly problem: string | null }[];
  /** Those that are not as the registry wants them. They are never altered. */
  readonly drifted: readonly Pick<Topic, 'name' | 'drift'>[];
}

/** Kafka as operators see it: by admin-service, or by a client of its own where that is away. */
export interface Cluster {
  /** Weir's topics, missing ones too; where `all` those of others besides. By name. */
  topics(all: boolean): Promise<readonly Topic[]>;
  topic(name: string): Promise<TopicDetail>;
  /** Makes what the registry names and is missing. */
  ensureTopics(): Promise<EnsuredTopics>;
  groups(): Promise<readonly Group[]>;
  group(groupId: string): Promise<GroupDetail>;
  messages(request: PeekRequest): Promise<Messages>;
  close(): Promise<void>;
}

/** Works with the cluster, and lets it go at the end. */
export async function withCluster<T>(
  context: Context,
  direct: boolean,
  work: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const cluster = direct ? await directCluster(context) : new AdminCluster(adminApi(context));
  try {
    return await work(cluster);
  } finally {
    await cluster.close();
  }
}

/** Loaded where it is needed: the native client takes its time. */
async function directCluster(context: Context): Promise<Cluster> {
  const { openCluster } = await import('./direct-cluster.js');
  return openCluster(context);
}

const MOST = 10_000;

class AdminCluster implements Cluster {
  constructor(private readonly api: HttpApi) {}

  topics(all: boolean): Promise<Topic[]> {
    return this.api.list('/api/v1/topics', all ? { all } : {}, MOST);
  }

  topic(name: string): Promise<TopicDetail> {
    return this.api.get(`/api/v1/topics/${segment(name)}`);
  }

  async ensureTopics(): Promise<EnsuredTopics> {
    const made = await this.api.send<Omit<EnsuredTopics, 'drifted'>>('POST', '/api/v1/topics/create-missing');
    const drifted = (await this.topics(false)).filter(({ drift }) => drift.length > 0);
    return { ...made, drifted: drifted.map(({ name, drift }) => ({ name, drift })) };
  }

  groups(): Promise<Group[]> {
    return this.api.list('/api/v1/consumer-groups', {}, MOST);
  }

  group(groupId: string): Promise<GroupDetail> {
    return this.api.get(`/api/v1/consumer-groups/${segment(groupId)}`);
  }

  messages({ topic, partition, limit, payload }: PeekRequest): Promise<Messages> {
    const path = `/api/v1/topics/${segment(topic)}/messages${payload ? '/payload' : ''}`;
    return this.api.get(path, { partition, limit });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
