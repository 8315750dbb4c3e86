import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import type { StackHome } from '../home.js';
import { HOST } from '../ports.js';
import type { Service } from '../service.js';
import { javaProgram, REGISTRY_VERSION, type JavaEngines } from './java.js';

export interface SchemaRegistrySetup {
  readonly home: StackHome;
  readonly port: number;
  readonly jars: JavaEngines;
}

/** Confluent's API of the registry. */
export function schemaRegistryUrl(port: number): string {
  return `http://${HOST}:${port}/apis/ccompat/v7`;
}

/** Apicurio Registry on an H2 file: schema ids stay the same over restarts, or every stored record would be orphaned. */
export function schemaRegistryService({ home, port, jars }: SchemaRegistrySetup): Service {
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
        '-jar',
        join(jars.registry, `apicurio-registry-app-${REGISTRY_VERSION}-runner.jar`),
      ],
      cwd: directory,
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
