import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Kafka, logLevel } from 'kafkajs';

import { StackSetupError } from '../errors.js';
import type { StackHome } from '../home.js';
import { HOST, type EnginePorts } from '../ports.js';
import type { Reaper } from '../reaper.js';
import { runCommand } from '../run-command.js';
import type { Service } from '../service.js';
import { ARCHIVE_STOP_TIMEOUT_MS, classArchiveFlags } from './class-archive.js';
import { javaProgram, KAFKA_VERSION, type JavaEngines } from './java.js';

export interface KafkaSetup {
  readonly home: StackHome;
  readonly ports: EnginePorts['kafka'];
  readonly jars: JavaEngines;
  readonly reaper: Reaper;
  /** Whether the JVM may take its time at the end to make the next start shorter. */
  readonly archiveClasses: boolean;
}

/** Kafka in KRaft mode: each process is broker and controller, one or three of them. */
export function kafkaServices(setup: KafkaSetup): Service[] {
  refuseOtherBrokerCount(setup);
  return setup.ports.map((_, index) => brokerService(setup, index));
}

export function bootstrapServers(ports: EnginePorts['kafka']): string {
  return ports.map(({ broker }) => `${HOST}:${broker}`).join(',');
}

function brokerService(setup: KafkaSetup, index: number): Service {
  const { home, ports, jars } = setup;
  const count = ports.length;
  const name = count === 1 ? 'kafka' : `kafka-${index + 1}`;
  const port = ports[index] ?? { broker: 0, controller: 0 };
  const directory = home.data(name);
  return {
    name,
    title: count === 1 ? `Kafka ${KAFKA_VERSION}` : `Kafka ${KAFKA_VERSION}, broker ${index + 1}`,
    address: `${HOST}:${port.broker}`,
    ports: [port.broker, port.controller],
    logFile: home.log(name),
    readyTimeoutMs: 60_000,
    prepare: (signal) => prepareBroker(setup, index, directory, signal),
    command: () => ({
      file: javaProgram(),
      args: [
        `-Xms128m`,
        count === 1 ? '-Xmx768m' : '-Xmx448m',
        '-XX:+ExitOnOutOfMemoryError',
        ...classArchiveFlags(jars.directory, 'kafka', setup.archiveClasses && index === 0),
        `-Dlog4j2.configurationFile=${join(directory, 'log4j2.properties')}`,
        '-cp',
        `${jars.kafka}/*`,
        'kafka.Kafka',
        join(directory, 'server.properties'),
      ],
      cwd: directory,
      stopTimeoutMs: ARCHIVE_STOP_TIMEOUT_MS,
    }),
    probe: () => probeBroker(`${HOST}:${port.broker}`, count),
  };
}

/** Resolves where the broker answers and knows of `count` live brokers and a controller. */
export async function probeBroker(address: string, count: number): Promise<void> {
  const admin = new Kafka({
    clientId: 'weir-local-stack',
    brokers: [address],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1_000,
    requestTimeout: 2_000,
    retry: { retries: 0 },
  }).admin();
  try {
    await admin.connect();
    const { brokers, controller } = await admin.describeCluster();
    if (brokers.length < count) throw new Error(`it knows ${brokers.length} of ${count} brokers`);
    if (controller === null) throw new Error('it knows no controller');
  } finally {
    await admin.disconnect();
  }
}

/** A quorum that forgot its log could elect itself over one that has data: another count needs other data. */
function refuseOtherBrokerCount({ home, ports }: KafkaSetup): void {
  const wrong = ports.length === 1 ? existsSync(home.data('kafka-1')) : existsSync(home.data('kafka'));
  if (!wrong) return;
  throw new StackSetupError(
    `The data in ${home.directory} was made with ${ports.length === 1 ? 'several brokers' : 'one broker'}. ` +
      'Start with the same --brokers, forget the data with --fresh, or set another WEIR_HOME.',
  );
}

async function prepareBroker(setup: KafkaSetup, index: number, directory: string, signal: AbortSignal): Promise<void> {
  const formatted = join(directory, 'formatted');
  if (!existsSync(formatted)) rmSync(directory, { recursive: true, force: true }); // half formatted by a start that was killed
  mkdirSync(directory, { recursive: true });
  const properties = join(directory, 'server.properties');
  writeFileSync(properties, serverProperties(setup.ports, index, directory));
  writeFileSync(join(directory, 'log4j2.properties'), LOG4J);
  if (existsSync(formatted)) return;
  const clusterId = setup.home.secret('kafka.clusterId', clusterUuid);
  const name = setup.ports.length === 1 ? 'kafka' : `kafka-${index + 1}`;
  const args = ['-cp', `${setup.jars.kafka}/*`, 'kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', properties];
  const command = { file: javaProgram(), args, cwd: directory };
  await runCommand({
    service: name,
    purpose: 'format its storage',
    command,
    logFile: setup.home.log(name),
    reaper: setup.reaper,
    signal,
  });
  writeFileSync(formatted, `${clusterId}\n`);
}

/** Kafka's own form of a UUID: 16 bytes in base64url, not starting with a dash. */
function clusterUuid(): string {
  return Buffer.from(`w${crypto.randomUUID().replaceAll('-', '').slice(0, 15)}`).toString('base64url');
}

function serverProperties(ports: EnginePorts['kafka'], index: number, directory: string): string {
  const own = ports[index] ?? { broker: 0, controller: 0 };
  const replicas = Math.min(3, ports.length);
  const minInSync = replicas === 3 ? 2 : 1;
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': index + 1,
    listeners: `PLAINTEXT://${HOST}:${own.broker},CONTROLLER://${HOST}:${own.controller}`,
    'advertised.listeners': `PLAINTEXT://${HOST}:${own.broker}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.quorum.voters': ports.map(({ controller }, node) => `${node + 1}@${HOST}:${controller}`).join(','),
    'log.dirs': join(directory, 'log'),
    'auto.create.topics.enable': false,
    'default.replication.factor': replicas,
    'min.insync.replicas': minInSync,
    'offsets.topic.num.partitions': 4,
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.num.partitions': 4,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': minInSync,
    'share.coordinator.state.topic.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': minInSync,
    'group.initial.rebalance.delay.ms': 0, // a group of one need not wait 3 s for others
    'log.cleaner.dedupe.buffer.size': 8 * 1024 * 1024, // 128 MB by default, taken at once
    'controlled.shutdown.max.retries': 1, // where all brokers stop together nobody is left to take over
  })
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

const LOG4J = `rootLogger.level = info
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d] %p %m (%c{1})%n
`;
