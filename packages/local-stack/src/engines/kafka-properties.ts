import { join } from 'node:path';

import { type BrokerPorts, type EnginePorts, HOST } from '../ports.js';

/** The key and certificate with which brokers prove who they are. */
export interface Keystore {
  /** PKCS #12. */
  readonly file: string;
  readonly password: string;
}

const SECURED = 'SECURED';

/** What `kafka.Kafka` is started with; where a broker listens for SASL_SSL too it needs the keystore. */
export function serverProperties(
  ports: EnginePorts['kafka'],
  index: number,
  directory: string,
  keystore: Keystore | null,
): string {
  const own = ports[index] ?? { broker: 0, controller: 0 };
  const listeners = `PLAINTEXT://${HOST}:${own.broker}${securedListener(own)}`;
  const replicas = Math.min(3, ports.length);
  const minInSync = replicas === 3 ? 2 : 1;
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': index + 1,
    listeners: `${listeners},CONTROLLER://${HOST}:${own.controller}`,
    'advertised.listeners': listeners,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': `PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,${SECURED}:SASL_SSL`,
    ...(keystore === null ? {} : securityProperties(keystore)),
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
    // What a killed process left open holds up readers until it times out, and then until the brokers look: every 10 s by default.
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': 1_000,
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

const securedListener = ({ secured }: BrokerPorts): string =>
  secured === undefined ? '' : `,${SECURED}://${HOST}:${secured}`;

/**
 * A listener where every client has to be a user with a password, and may do what it was allowed (`allow`) and nothing else.
 *
 * Who comes by PLAINTEXT has no name and may do everything: brokers, and tests and tools that set up users and their rights. On this
 * machine's loopback alone that is no hole.
 */
function securityProperties({ file, password }: Keystore): Record<string, string> {
  const listener = `listener.name.${SECURED.toLowerCase()}`;
  const login = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
  return {
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS',
    [`${listener}.ssl.keystore.type`]: 'PKCS12',
    [`${listener}.ssl.keystore.location`]: file,
    [`${listener}.ssl.keystore.password`]: password,
    [`${listener}.ssl.key.password`]: password,
    [`${listener}.sasl.enabled.mechanisms`]: 'SCRAM-SHA-256,SCRAM-SHA-512',
    [`${listener}.scram-sha-256.sasl.jaas.config`]: login,
    [`${listener}.scram-sha-512.sasl.jaas.config`]: login,
  };
}

export const LOG4J = `rootLogger.level = info
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d] %p %m (%c{1})%n
`;
