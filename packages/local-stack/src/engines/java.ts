import { existsSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { cachedDirectory, userCache } from '../cache.js';
import type { Reaper } from '../reaper.js';
import { runCommand } from '../run-command.js';

export const KAFKA_VERSION = '4.1.1';
export const REGISTRY_VERSION = '3.0.9';

/** The engines that run on Java, unpacked. */
export interface JavaEngines {
  /** Holds both, and what the JVM keeps of them. */
  readonly directory: string;
  /** Holds Kafka's jars. */
  readonly kafka: string;
  /** Holds the registry's runner jar and its libraries. */
  readonly registry: string;
}

export interface FetchOptions {
  readonly reaper: Reaper;
  readonly signal: AbortSignal;
  readonly logFile: string;
  readonly onLine: (text: string) => void;
}

// log4j-slf4j-impl: without it the broker logs nothing.
const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>weir</groupId><artifactId>engines</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${KAFKA_VERSION}</version></dependency>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>${KAFKA_VERSION}</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.24.3</version></dependency>
  </dependencies>
</project>
`;
// Copied by itself, without what its pom depends on: the archive holds all that the registry needs.
const REGISTRY = `io.apicurio:apicurio-registry-app:${REGISTRY_VERSION}:tar.gz:all`;
const ARCHIVE = `apicurio-registry-app-${REGISTRY_VERSION}-all.tar.gz`;

/** The java of JAVA_HOME, or the one on the PATH. */
export function javaProgram(): string {
  const home = process.env['JAVA_HOME'];
  const program = home === undefined || home === '' ? '' : join(home, 'bin', 'java');
  return program !== '' && existsSync(program) ? program : 'java';
}

/** Fetches Kafka and the registry through Maven, once for all clones of this user. */
export async function fetchJavaEngines(options: FetchOptions): Promise<JavaEngines> {
  const name = `kafka-${KAFKA_VERSION}-registry-${REGISTRY_VERSION}-${createHash('sha256')
    .update(POM + REGISTRY)
    .digest('hex')
    .slice(0, 8)}`;
  const directory = await cachedDirectory(userCache(), name, (draft) => fill(draft, options));
  return { directory, kafka: join(directory, 'kafka'), registry: join(directory, 'registry') };
}

async function fill(draft: string, options: FetchOptions): Promise<void> {
  const { onLine, logFile, ...run } = options;
  onLine(
    `Fetching Kafka ${KAFKA_VERSION} and Apicurio Registry ${REGISTRY_VERSION} through Maven (170 MB, only this once)`,
  );
  const kafka = join(draft, 'kafka');
  const registry = join(draft, 'registry');
  writeFileSync(join(draft, 'pom.xml'), POM);
  const progress = setInterval(() => void reportProgress(logFile, onLine), 5_000);
  try {
    const mvn = [
      '-B',
      '-f',
      join(draft, 'pom.xml'),
      'dependency:copy-dependencies',
      'dependency:copy',
      `-Dartifact=${REGISTRY}`,
      `-DoutputDirectory=${kafka}`,
    ];
    await runCommand({
      service: 'engines',
      purpose: 'fetch Kafka and the registry through Maven',
      command: { file: 'mvn', args: mvn, cwd: draft },
      logFile,
      ...run,
    });
  } finally {
    clearInterval(progress);
  }
  renameSync(join(kafka, ARCHIVE), join(draft, ARCHIVE));
  const unpack = ['-c', 'mkdir "$2" && tar -xzf "$1" -C "$2"', 'sh', join(draft, ARCHIVE), registry];
  await runCommand({
    service: 'engines',
    purpose: 'unpack the registry',
    command: { file: 'sh', args: unpack },
    logFile,
    ...run,
  });
  rmSync(join(draft, ARCHIVE));
}

/** Maven says in its log what it has downloaded. */
async function reportProgress(logFile: string, onLine: (text: string) => void): Promise<void> {
  if (statSync(logFile, { throwIfNoEntry: false }) === undefined) return;
  let files = 0;
  for await (const line of createInterface({ input: createReadStream(logFile) })) {
    if (line.includes('Downloaded from')) files += 1;
  }
  onLine(`  … ${files} files so far`);
}
