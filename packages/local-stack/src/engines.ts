import { mkdirSync } from 'node:fs';

import { bootstrapServers, kafkaServices, type SecuredKafka, securedKafka } from './engines/kafka.js';
import { fetchJavaEngines } from './engines/java.js';
import { postgresService, postgresUrl } from './engines/postgres.js';
import { redisService, redisUrl } from './engines/redis.js';
import { schemaRegistryService, schemaRegistryUrl } from './engines/schema-registry.js';
import type { StackHome } from './home.js';
import type { EnginePorts } from './ports.js';
import type { Reaper } from './reaper.js';
import type { Supervisor } from './supervisor.js';

export interface StartEnginesOptions {
  readonly home: StackHome;
  readonly ports: EnginePorts;
  readonly reaper: Reaper;
  readonly supervisor: Supervisor;
  readonly signal: AbortSignal;
  readonly onLine: (text: string) => void;
  /** False for a run of tests, whose data is thrown away: nothing waits for the disk, nothing is kept for a next start. */
  readonly durable?: boolean;
}

/** Where the engines listen. */
export interface EngineAddresses {
  readonly kafka: {
    readonly bootstrapServers: string;
    /** Where the ports have one for it. */
    readonly secured?: SecuredKafka;
  };
  readonly schemaRegistry: { readonly url: string };
  /** `url` is a superuser's on database `postgres`. */
  readonly postgres: { readonly url: string };
  /** Where the ports have one for it. */
  readonly redis?: { readonly url: string };
}

/** Starts Kafka, the schema registry, PostgreSQL and, where it has a port, Redis at once; resolves when all are ready. */
export async function startEngines(options: StartEnginesOptions): Promise<EngineAddresses> {
  const { home, ports, reaper, supervisor, signal, onLine, durable = true } = options;
  mkdirSync(home.data(''), { recursive: true });
  const jars = await fetchJavaEngines({ reaper, signal, logFile: home.log('maven'), onLine });
  await supervisor.start([
    ...kafkaServices({ home, ports: ports.kafka, jars, reaper, archiveClasses: durable }),
    schemaRegistryService({ home, port: ports.schemaRegistry, jars, archiveClasses: durable }),
    postgresService({ home, port: ports.postgres, reaper, durable }),
    ...(ports.redis === undefined ? [] : [redisService({ home, port: ports.redis, reaper })]),
  ]);
  const secured = securedKafka(home, ports.kafka);
  return {
    kafka: { bootstrapServers: bootstrapServers(ports.kafka), ...(secured !== null && { secured }) },
    schemaRegistry: { url: schemaRegistryUrl(ports.schemaRegistry) },
    postgres: { url: postgresUrl(home, ports.postgres) },
    ...(ports.redis !== undefined && { redis: { url: redisUrl(ports.redis) } }),
  };
}
