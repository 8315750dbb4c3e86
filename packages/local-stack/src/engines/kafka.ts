import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Kafka, logLevel } from 'kafkajs';

import { CertificateAuthority } from '../certificates.js';
import { StackSetupError } from '../errors.js';
import { type StackHome, writePrivately } from '../home.js';
import { type BrokerPorts, type EnginePorts, HOST } from '../ports.js';
import type { Reaper } from '../reaper.js';
import { runCommand } from '../run-command.js';
import type { Service } from '../service.js';
import { ARCHIVE_STOP_TIMEOUT_MS, classArchiveFlags } from './class-archive.js';
import { javaProgram, KAFKA_VERSION, type JavaEngines } from './java.js';
import { type Keystore, LOG4J, serverProperties } from './kafka-properties.js';

export interface KafkaSetup {
  readonly home: StackHome;
  readonly ports: EnginePorts['kafka'];
  readonly jars: JavaEngines;
  readonly reaper: Reaper;
  /** Whether the JVM may take its time at the end to make the next start shorter. */
  readonly archiveClasses: boolean;
}

/** Three brokers of a run of tests end before a better compiled program pays, and share the processors with all that is tested. */
const BRIEF_JVM = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

/**
 * A method is compiled after four times as many calls as by default: what runs at the start alone is interpreted, which costs less than to
 * compile it, and what a busy broker runs is compiled a moment later, as well as ever.
 */
const KEPT_JVM = ['-XX:CompileThresholdScaling=4'];

/** Kafka in KRaft mode: each process is broker and controller, one or three of them. */
export function kafkaServices(setup: KafkaSetup): Service[] {
  refuseOtherBrokerCount(setup);
  const { home, ports } = setup;
  let made: Promise<Keystore> | undefined;
  const keystore: KeystoreSource = async (signal) =>
    ports[0]?.secured === undefined ? null : (made ??= brokersKeystore(home, signal));
  return ports.map((_, index) => brokerService(setup, index, keystore));
}

export function bootstrapServers(ports: EnginePorts['kafka']): string {
  return ports.map(({ broker }) => `${HOST}:${broker}`).join(',');
}

/** Where the brokers listen for SASL_SSL; null where they do not. */
export function securedKafka(home: StackHome, ports: EnginePorts['kafka']): SecuredKafka | null {
  const secured = ports.flatMap(({ secured: port }) => (port === undefined ? [] : [`${HOST}:${port}`]));
  if (secured.length === 0) return null;
  return { bootstrapServers: secured.join(','), caLocation: CertificateAuthority.certificateFileIn(authorityOf(home)) };
}

/** How clients reach the brokers by SASL_SSL; users and what they may do are made with `setScramPassword` and `allow`. */
export interface SecuredKafka {
  readonly bootstrapServers: string;
  /** PEM of the authority that issued the brokers' certificates. */
  readonly caLocation: string;
}

type KeystoreSource = (signal: AbortSignal) => Promise<Keystore | null>;

const authorityOf = (home: StackHome): string => home.data('kafka-certificates');

/** One certificate for all brokers, which differ in their ports alone. */
async function brokersKeystore(home: StackHome, signal: AbortSignal): Promise<Keystore> {
  const password = home.secret('kafka.keystore');
  const authority = await CertificateAuthority.in(authorityOf(home), password, signal);
  const file = await authority.issue({ name: 'broker', hosts: [`ip:${HOST}`, 'dns:localhost'] }, signal);
  return { file, password };
}

function brokerService(setup: KafkaSetup, index: number, keystore: KeystoreSource): Service {
  const { home, ports, jars } = setup;
  const count = ports.length;
  const name = count === 1 ? 'kafka' : `kafka-${index + 1}`;
  const port: BrokerPorts = ports[index] ?? { broker: 0, controller: 0 };
  const directory = home.data(name);
  return {
    name,
    title: count === 1 ? `Kafka ${KAFKA_VERSION}` : `Kafka ${KAFKA_VERSION}, broker ${index + 1}`,
    address: `${HOST}:${port.broker}`,
    ports: [port.broker, port.controller, ...(port.secured === undefined ? [] : [port.secured])],
    logFile: home.log(name),
    readyTimeoutMs: 60_000,
    prepare: (signal) => prepareBroker(setup, index, directory, keystore, signal),
    command: () => ({
      file: javaProgram(),
      args: [
        `-Xms128m`,
        count === 1 ? '-Xmx768m' : '-Xmx448m',
        '-XX:+ExitOnOutOfMemoryError',
        ...(setup.archiveClasses ? KEPT_JVM : count > 1 ? BRIEF_JVM : []),
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

async function prepareBroker(
  setup: KafkaSetup,
  index: number,
  directory: string,
  keystore: KeystoreSource,
  signal: AbortSignal,
): Promise<void> {
  const formatted = join(directory, 'formatted');
  if (!existsSync(formatted)) rmSync(directory, { recursive: true, force: true }); // half formatted by a start that was killed
  mkdirSync(directory, { recursive: true });
  const properties = join(directory, 'server.properties');
  writePrivately(properties, serverProperties(setup.ports, index, directory, await keystore(signal)));
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
