import { freePorts, probeBroker, probePostgres, probeSchemaRegistry } from '@weir/local-stack';
import { GenericContainer, Wait, type StartedTestContainer } from 'testcontainers';

import { ENGINE_IMAGES } from './engine-images.js';
import { eventually } from './eventually.js';
import type { RunningEngines } from './engines-of-run.js';

const done = (): boolean => true;
const READY = { timeoutMs: 60_000, intervalMs: 250 };

/**
 * Starts the same engines from containers, with TimescaleDB in PostgreSQL.
 *
 * The Docker engine has to be on this machine: Kafka advertises 127.0.0.1. testcontainers' own reaper removes the
 * containers when this process dies.
 */
export async function startDockerEngines(): Promise<RunningEngines> {
  const {
    kafka: [kafkaPort],
  } = await freePorts(1);
  if (kafkaPort === undefined) throw new Error('no free port');
  const started = await Promise.allSettled([startKafka(kafkaPort.broker), startRegistry(), startPostgres()]);
  const containers = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(containers.map((container) => container.stop()));
  };
  const [, registry, postgres] = containers;
  const failed = started.find((result) => result.status === 'rejected');
  if (failed !== undefined || registry === undefined || postgres === undefined) {
    await stop();
    throw new Error('The engines did not start from Docker', { cause: failed?.reason });
  }
  const addresses = {
    kafka: { bootstrapServers: `127.0.0.1:${kafkaPort.broker}` },
    schemaRegistry: { url: `http://127.0.0.1:${registry.getMappedPort(8080)}/apis/ccompat/v7` },
    postgres: { url: `postgres://weir:weir@127.0.0.1:${postgres.getMappedPort(5432)}/postgres` },
  };
  await eventually(() => probeBroker(addresses.kafka.bootstrapServers, 1), done, READY);
  await eventually(() => probeSchemaRegistry(addresses.schemaRegistry.url, AbortSignal.timeout(5_000)), done, READY);
  await eventually(() => probePostgres(addresses.postgres.url), done, READY);
  return { addresses, stop };
}

/** The port outside has to be known before, since the broker tells it to its clients. */
function startKafka(port: number): Promise<StartedTestContainer> {
  return new GenericContainer(ENGINE_IMAGES.kafka)
    .withExposedPorts({ container: 9092, host: port })
    .withEnvironment({
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_LISTENERS: 'PLAINTEXT://0.0.0.0:9092,CONTROLLER://localhost:9093',
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: '4',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS: '4',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
    })
    .withWaitStrategy(Wait.forListeningPorts())
    .start();
}

function startRegistry(): Promise<StartedTestContainer> {
  return new GenericContainer(ENGINE_IMAGES.schemaRegistry)
    .withExposedPorts(8080)
    .withEnvironment({ APICURIO_STORAGE_KIND: 'sql', APICURIO_STORAGE_SQL_KIND: 'h2' })
    .withWaitStrategy(Wait.forListeningPorts())
    .start();
}

function startPostgres(): Promise<StartedTestContainer> {
  return (
    new GenericContainer(ENGINE_IMAGES.postgres)
      .withExposedPorts(5432)
      .withEnvironment({ POSTGRES_USER: 'weir', POSTGRES_PASSWORD: 'weir', POSTGRES_DB: 'postgres' })
      .withCommand(['postgres', '-c', 'max_connections=200', '-c', 'fsync=off'])
      // The image's entry point starts the server, stops it, and starts it for good.
      .withWaitStrategy(Wait.forLogMessage(/database system is ready to accept connections/u, 2))
      .start()
  );
}
