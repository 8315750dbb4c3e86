import { flag, oneOf, secret, text } from '../kinds.js';
import type { Values, Variable } from '../variable.js';

/** How to reach Kafka and what this process calls itself there. `connection` is what packages/kafka takes. */
export interface KafkaConfig {
  /** False: the process serves health and metrics and touches no broker. */
  readonly enabled: boolean;
  readonly connection: {
    readonly bootstrapServers: string;
    readonly clientId: string;
    readonly securityProtocol: 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL';
    readonly sasl?: {
      readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
      readonly username: string;
      readonly password: string;
    };
    readonly ssl?: {
      readonly caLocation?: string;
      readonly certificateLocation?: string;
      readonly keyLocation?: string;
      readonly keyPassword?: string;
    };
  };
  readonly consumerGroup: string;
  readonly topicPrefix: string;
  /** From a registry's topic name to the name that is used instead. */
  readonly topicOverrides: Readonly<Record<string, string>>;
  readonly compression: 'none' | 'lz4' | 'zstd' | 'gzip' | 'snappy';
}

type TopicVariables = Readonly<Record<`KAFKA_TOPIC_${string}`, Variable<string | undefined>>>;
export type KafkaVariables = ReturnType<typeof connectionVariables> & TopicVariables;

const WITH_SASL = { variable: 'KAFKA_SECURITY_PROTOCOL', is: ['SASL_PLAINTEXT', 'SASL_SSL'] } as const;
const TOPIC_NAME = /^[A-Za-z0-9._-]{1,249}$/;

/**
 * Variables of a process that uses Kafka.
 *
 * `appName` is the default client id prefix and consumer group; `topicNames` are the registry's names of the topics
 * that may be overridden, each by its own `KAFKA_TOPIC_<NAME>`.
 */
export function kafkaVariables(appName: string, topicNames: readonly string[] = []): KafkaVariables {
  const overrides: TopicVariables = Object.fromEntries(
    topicNames.map((name) => [
      topicVariable(name),
      text({
        required: false,
        pattern: TOPIC_NAME,
        shape: 'a topic name',
        about: `The name to use for the topic ${name}, whole and without the prefix.`,
      }),
    ]),
  );
  return { ...connectionVariables(appName), ...overrides };
}

function connectionVariables(appName: string) {
  return {
    KAFKA_ENABLED: flag({ default: true, about: 'False: serve health and metrics only, and touch no broker.' }),
    KAFKA_BOOTSTRAP_SERVERS: text({
      requiredWhen: { variable: 'KAFKA_ENABLED', is: [true] },
      pattern: /^[^\s,:]+:\d{1,5}(?:,[^\s,:]+:\d{1,5})*$/,
      shape: 'a list of host:port separated by commas',
      example: '127.0.0.1:9092',
      about: 'Brokers to reach the cluster by: host:port, separated by commas.',
    }),
    KAFKA_CLIENT_ID: text({
      default: appName,
      pattern: /^[\w.-]+$/,
      shape: 'letters, digits, dots, dashes and underscores',
      about: 'Prefix of the client ids; the host and a unique part are added.',
    }),
    KAFKA_CONSUMER_GROUP: text({ default: appName, about: 'The consumer group whose offsets mark what is done.' }),
    KAFKA_COMPRESSION: oneOf(['none', 'lz4', 'zstd', 'gzip', 'snappy'], {
      default: 'lz4',
      about: 'How producers compress what they send.',
    }),
    KAFKA_SECURITY_PROTOCOL: oneOf(['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'], {
      default: 'PLAINTEXT',
      about: 'Whether the connection is encrypted and authenticated.',
    }),
    KAFKA_SASL_MECHANISM: oneOf(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'], {
      default: 'PLAIN',
      about: 'How a SASL connection authenticates.',
    }),
    KAFKA_SASL_USERNAME: text({ requiredWhen: WITH_SASL, about: 'The user of a SASL connection.' }),
    KAFKA_SASL_PASSWORD: secret({ requiredWhen: WITH_SASL, about: 'The password of a SASL connection.' }),
    KAFKA_SSL_CA_LOCATION: text({
      required: false,
      about: "A PEM file with the authority of the brokers' certificates.",
    }),
    KAFKA_SSL_CERTIFICATE_LOCATION: text({
      requiredWhen: { variable: 'KAFKA_SSL_KEY_LOCATION', is: 'given' },
      about: "A PEM file with this client's certificate.",
    }),
    KAFKA_SSL_KEY_LOCATION: text({
      requiredWhen: { variable: 'KAFKA_SSL_CERTIFICATE_LOCATION', is: 'given' },
      about: "A PEM file with this client's private key.",
    }),
    KAFKA_SSL_KEY_PASSWORD: secret({ required: false, about: 'The password of the private key.' }),
    KAFKA_TOPIC_PREFIX: text({
      required: false,
      pattern: /^[A-Za-z0-9._-]{1,100}$/,
      shape: 'letters, digits, dots, dashes and underscores',
      about: 'Put before the name of each topic that has no override.',
    }),
  };
}

/** The variable that overrides a topic's name: `metrics.raw` → `KAFKA_TOPIC_METRICS_RAW`. */
export function topicVariable(topicName: string): `KAFKA_TOPIC_${string}` {
  return `KAFKA_TOPIC_${topicName.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_')}`;
}

/** `topicNames` as given to `kafkaVariables`. */
export function kafkaConfig(values: Values<KafkaVariables>, topicNames: readonly string[] = []): KafkaConfig {
  const { KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password } = values;
  const withSasl = values.KAFKA_SECURITY_PROTOCOL.startsWith('SASL');
  return {
    enabled: values.KAFKA_ENABLED,
    connection: {
      bootstrapServers: values.KAFKA_BOOTSTRAP_SERVERS ?? '',
      clientId: values.KAFKA_CLIENT_ID,
      securityProtocol: values.KAFKA_SECURITY_PROTOCOL,
      ...(withSasl && username !== undefined && password !== undefined
        ? { sasl: { mechanism: values.KAFKA_SASL_MECHANISM, username, password } }
        : {}),
      ...(values.KAFKA_SECURITY_PROTOCOL.endsWith('SSL') ? { ssl: sslOf(values) } : {}),
    },
    consumerGroup: values.KAFKA_CONSUMER_GROUP,
    topicPrefix: values.KAFKA_TOPIC_PREFIX ?? '',
    topicOverrides: Object.fromEntries(
      topicNames.flatMap((name) => {
        const override = values[topicVariable(name)];
        return override === undefined ? [] : [[name, override]];
      }),
    ),
    compression: values.KAFKA_COMPRESSION,
  };
}

function sslOf(values: Values<ReturnType<typeof connectionVariables>>): NonNullable<KafkaConfig['connection']['ssl']> {
  const given = {
    caLocation: values.KAFKA_SSL_CA_LOCATION,
    certificateLocation: values.KAFKA_SSL_CERTIFICATE_LOCATION,
    keyLocation: values.KAFKA_SSL_KEY_LOCATION,
    keyPassword: values.KAFKA_SSL_KEY_PASSWORD,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
