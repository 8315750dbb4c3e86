/**
 * The apps that `npm start` runs, in one place: another app is another line.
 */

import { READER_ROLE } from '@weir/local-stack';

/**
 * @typedef {object} Wiring where the engines of this stack are
 * @property {string} bootstrapServers
 * @property {Record<string, Record<string, string>>} kafkaUsers by app, how it reaches Kafka as a user; empty where it needs to be none
 * @property {string} schemaRegistryUrl
 * @property {import('@weir/local-stack').DatabaseUrls} database
 * @property {string} redisUrl
 * @property {string} operatorKey
 */

/**
 * @typedef {object} App
 * @property {import('@weir/topics').AppName} name the folder under apps/, and the name of the service
 * @property {number} port before WEIR_PORT_OFFSET
 * @property {(wiring: Wiring) => Record<string, string>} environment what this app needs besides what all need
 */

/**
 * What a batch is made of outlives the collections of the young generation until it is stored or acknowledged; with room for it they are
 * not copied. Measured: docs/performance.md.
 */
const ROOM_FOR_BATCHES = '--max-semi-space-size=32';

/** @type {readonly App[]} */
export const apps = [
  {
    name: 'ingest-api',
    port: 8000,
    environment: ({ redisUrl }) => ({ REDIS_URL: redisUrl, NODE_OPTIONS: ROOM_FOR_BATCHES }),
  },
  {
    name: 'metrics-consumer',
    port: 8001,
    environment: ({ database, redisUrl, operatorKey }) => ({
      DATABASE_URL: database.writer,
      REDIS_URL: redisUrl,
      STORE_READER_ROLE: READER_ROLE,
      OPERATOR_KEY: operatorKey,
      NODE_OPTIONS: ROOM_FOR_BATCHES,
    }),
  },
  { name: 'dlq-replayer', port: 8002, environment: () => ({}) },
  {
    name: 'admin-service',
    port: 8003,
    environment: ({ database, operatorKey }) => ({ DATABASE_URL: database.writer, ADMIN_BOOTSTRAP_KEY: operatorKey }),
  },
  { name: 'query-api', port: 8004, environment: ({ database }) => ({ DATABASE_URL: database.reader }) },
];

/** What every app is told. @param {App} app @param {number} port @param {Wiring} wiring @returns {Record<string, string>} */
export function environmentOf(app, port, wiring) {
  return {
    SERVICE_NAME: app.name,
    HOST: '127.0.0.1',
    PORT: String(port),
    KAFKA_BOOTSTRAP_SERVERS: wiring.bootstrapServers,
    KAFKA_CONSUMER_GROUP: app.name,
    ...wiring.kafkaUsers[app.name],
    SCHEMA_REGISTRY_URL: wiring.schemaRegistryUrl,
    ...app.environment(wiring),
  };
}
