import { engines, uniqueName } from '@weir/testing';
import { allow, disallow, type ScramMechanism, setScramPassword } from '@weir/testing/kafka-access';
import { accessOf, type AccessRule, type AppName, resolveTopics } from '@weir/topics';

import type { Environment } from '../../support/system.js';

/** Where the brokers listen for SASL_SSL, and whose certificates to trust. */
export function securedKafka(): { readonly bootstrapServers: string; readonly caLocation: string } {
  const { secured } = engines().kafka;
  if (secured === undefined) throw new Error('The brokers of this run listen for nothing but PLAINTEXT');
  return secured;
}

/** One app as a user of the brokers. */
export class KafkaUser {
  readonly name: string;
  /** All that the app needs, by the registry of topics. */
  readonly needs: readonly AccessRule[];

  private constructor(
    app: AppName,
    usual: Environment,
    private readonly mechanism: ScramMechanism,
  ) {
    this.name = uniqueName(app);
    const topics = resolveTopics({ prefix: usual['KAFKA_TOPIC_PREFIX'] ?? '' });
    this.needs = accessOf(app, topics, usual['KAFKA_CONSUMER_GROUP'] ?? '');
  }

  /** A user with the password `right`, who may do what the app needs and nothing else; `except` leaves some of it out. */
  static async of(
    app: AppName,
    usual: Environment,
    { mechanism = 'SCRAM-SHA-512', except = () => false }: KafkaUserOptions = {},
  ): Promise<KafkaUser> {
    const user = new KafkaUser(app, usual, mechanism);
    await user.setPassword('right');
    const given = user.needs.map((rule) => ({
      ...rule,
      operations: rule.operations.filter((operation) => !except({ ...rule, operations: [operation] })),
    }));
    await user.allow(given);
    return user;
  }

  /** The variables by which an app comes as this user. */
  environment(changes: Environment = {}): Environment {
    const { bootstrapServers, caLocation } = securedKafka();
    return {
      KAFKA_BOOTSTRAP_SERVERS: bootstrapServers,
      KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
      KAFKA_SASL_MECHANISM: this.mechanism,
      KAFKA_SASL_USERNAME: this.name,
      KAFKA_SASL_PASSWORD: 'right',
      KAFKA_SSL_CA_LOCATION: caLocation,
      ...changes,
    };
  }

  setPassword(password: string): Promise<void> {
    const { bootstrapServers } = engines().kafka;
    return setScramPassword(bootstrapServers, { user: this.name, mechanism: this.mechanism, password });
  }

  allow(rules: readonly AccessRule[] = this.needs): Promise<void> {
    return allow(engines().kafka.bootstrapServers, this.name, rules);
  }

  disallow(rules: readonly AccessRule[]): Promise<void> {
    return disallow(engines().kafka.bootstrapServers, this.name, rules);
  }
}

export interface KafkaUserOptions {
  readonly mechanism?: ScramMechanism;
  /** Asked for each single operation of each rule. */
  readonly except?: (rule: AccessRule) => boolean;
}
