/** How to reach a Kafka cluster; what `KAFKA_*` in the environment describes. */
export interface KafkaConnection {
  /** Comma-separated `host:port` list. */
  readonly bootstrapServers: string;
  /** A prefix: host and a unique part are added, so that two instances are never taken for one another. */
  readonly clientId: string;
  readonly securityProtocol: 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL';
  readonly sasl?: {
    readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
    readonly username: string;
    readonly password: string;
  };
  readonly ssl?: {
    /** Paths of PEM files. */
    readonly caLocation?: string;
    readonly certificateLocation?: string;
    readonly keyLocation?: string;
    readonly keyPassword?: string;
  };
}
