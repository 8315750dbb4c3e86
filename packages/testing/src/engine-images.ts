/** The engines as containers: those of docker-compose.yml, of the versions that run without Docker too. */
export const ENGINE_IMAGES = {
  kafka: 'apache/kafka:4.1.1',
  schemaRegistry: 'apicurio/apicurio-registry:3.0.9',
  postgres: 'timescale/timescaledb:2.29.2-pg17',
} as const;
