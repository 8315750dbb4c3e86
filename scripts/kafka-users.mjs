/** The apps as users of a Kafka that lets nobody in without a name, and nobody do more than it needs (`npm start -- --secured`). */
import { allow, setScramPassword } from '@weir/local-stack';
import { accessOf, resolveTopics } from '@weir/topics';

/** @typedef {import('@weir/local-stack').EngineAddresses['kafka']} KafkaAddresses */

/**
 * Makes a user for each app, lets it do what it needs, and answers the variables by which the app comes as that user.
 *
 * @param {readonly import('./apps.mjs').App[]} apps
 * @param {KafkaAddresses} kafka
 * @param {import('@weir/local-stack').StackHome} home keeps the passwords
 * @returns {Promise<Record<string, Record<string, string>>>} by app; empty where the brokers let everybody in
 */
export async function kafkaUsers(apps, kafka, home) {
  const { bootstrapServers, secured } = kafka;
  if (secured === undefined) return {};
  const topics = resolveTopics({ prefix: process.env['KAFKA_TOPIC_PREFIX'] ?? '' });
  const users = apps.map(async ({ name }) => {
    const password = home.secret(`kafka.${name}`);
    await setScramPassword(bootstrapServers, { user: name, mechanism: 'SCRAM-SHA-512', password });
    await allow(bootstrapServers, name, accessOf(name, topics, name));
    return /** @type {const} */ ([name, environmentOf(secured, name, password)]);
  });
  return Object.fromEntries(await Promise.all(users));
}

/** @param {NonNullable<KafkaAddresses['secured']>} secured @param {string} user @param {string} password */
function environmentOf({ bootstrapServers, caLocation }, user, password) {
  return {
    KAFKA_BOOTSTRAP_SERVERS: bootstrapServers,
    KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
    KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
    KAFKA_SASL_USERNAME: user,
    KAFKA_SASL_PASSWORD: password,
    KAFKA_SSL_CA_LOCATION: caLocation,
  };
}
