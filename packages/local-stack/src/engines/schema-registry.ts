import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import type { StackHome } from '../home.js';
import { HOST } from '../ports.js';
import type { Service } from '../service.js';
import { ARCHIVE_STOP_TIMEOUT_MS, classArchiveFlags } from './class-archive.js';
import { javaProgram, REGISTRY_VERSION, type JavaEngines } from './java.js';

export interface SchemaRegistrySetup {
  readonly home: StackHome;
  readonly port: number;
  readonly jars: JavaEngines;
  /** Whether the JVM may take its time at the end to make the next start shorter. */
  readonly archiveClasses: boolean;
}

/** Confluent's API of the registry. */
export function schemaRegistryUrl(port: number): string {
  return `http://${HOST}:${port}/apis/ccompat/v7`;
}

/** Apicurio Registry on an H2 file: schema ids stay the same over restarts, or every stored record would be orphaned. */
export function schemaRegistryService({ home, port, jars, archiveClasses }: SchemaRegistrySetup): Service {
  const directory = home.data('schema-registry');
  return {
    name: 'schema-registry',
    title: `Apicurio Registry ${REGISTRY_VERSION}`,
    address: schemaRegistryUrl(port),
    ports: [port],
    logFile: home.log('schema-registry'),
    readyTimeoutMs: 60_000,
    prepare: () => {
      mkdirSync(directory, { recursive: true });
      return Promise.resolve();
    },
    command: () => ({
      file: javaProgram(),
      args: [
        '-Xmx256m',
        '-XX:+UseSerialGC',
        '-XX:TieredStopAtLevel=1', // starts in less time; it is never busy here
        '-XX:+ExitOnOutOfMemoryError',
        ...classArchiveFlags(jars.directory, 'registry', archiveClasses),
        '-jar',
        join(jars.registry, `apicurio-registry-app-${REGISTRY_VERSION}-runner.jar`),
      ],
      cwd: directory,
      stopTimeoutMs: ARCHIVE_STOP_TIMEOUT_MS,
      env: {
        QUARKUS_HTTP_HOST: HOST,
        QUARKUS_HTTP_PORT: String(port),
        APICURIO_STORAGE_KIND: 'sql',
        APICURIO_STORAGE_SQL_KIND: 'h2',
        APICURIO_DATASOURCE_URL: `jdbc:h2:file:${join(directory, 'registry')}`,
      },
    }),
    probe: (signal) => probeSchemaRegistry(schemaRegistryUrl(port), signal),
  };
}

/** Resolves where the registry lists its subjects, so where its storage answers too. */
export async function probeSchemaRegistry(url: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(`${url}/subjects`, { signal });
  const body = await response.text();
  if (!response.ok || !Array.isArray(JSON.parse(body))) throw new Error(`it answers ${response.status}`);
}
