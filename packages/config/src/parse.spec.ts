import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '@weir/errors';
import { assert, maxSafeInteger, property } from 'fast-check';

import {
  databaseVariables,
  describeVariables,
  duration,
  flag,
  integer,
  kafkaConfig,
  kafkaVariables,
  list,
  oneOf,
  parseEnvironment,
  processEnvironment,
  redacted,
  schemaRegistryVariables,
  secret,
  serviceConfig,
  serviceVariables,
  text,
  type Environment,
  type Variables,
} from './index.js';

const problemsOf = (variables: Variables, env: Environment): readonly string[] => {
  try {
    parseEnvironment(variables, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
};

const fileWith = (content: string): string => {
  const path = join(mkdtempSync(join(tmpdir(), 'weir-config-')), 'secret');
  writeFileSync(path, content);
  return path;
};

const readInteger = (given: string) => parseEnvironment({ N: integer({ about: 'n' }) }, { N: given }).N;

describe('parseEnvironment', () => {
  it('gives each kind its type and value, and defaults where nothing or nothing but an empty text is given', () => {
    const values = parseEnvironment(
      {
        PORT: integer({ default: 8000, about: 'port' }),
        NAME: text({ about: 'name' }),
        ON: flag({ default: false, about: 'flag' }),
        LEVEL: oneOf(['low', 'high'], { default: 'low', about: 'level' }),
        PAUSE: duration({ default: 1_000, about: 'pause' }),
        NAMES: list({ default: [], about: 'names' }),
        MAYBE: text({ required: false, about: 'maybe' }),
      },
      { PORT: '', NAME: ' weir ', ON: 'TRUE', PAUSE: '5m', NAMES: 'a, b,,c' },
    );
    const typed: { readonly PORT: number; readonly LEVEL: 'low' | 'high'; readonly MAYBE: string | undefined } = values;
    expect(typed).toEqual({
      PORT: 8000,
      NAME: 'weir',
      ON: true,
      LEVEL: 'low',
      PAUSE: 300_000,
      NAMES: ['a', 'b', 'c'],
      MAYBE: undefined,
    });
  });

  it('tells every problem at once', () => {
    const variables = { ...serviceVariables('app', 1), ...kafkaVariables('app'), ...databaseVariables };
    const problems = problemsOf(variables, {
      PORT: '99999',
      LOG_LEVEL: 'loud',
      KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
      SHUTDOWN_TIMEOUT_MS: 'soon',
    });
    expect(problems).toEqual([
      'PORT must be an integer from 0 to 65535, but is "99999"',
      expect.stringMatching(/^LOG_LEVEL must be one of fatal, .*, but is "loud"$/),
      expect.stringMatching(/^SHUTDOWN_TIMEOUT_MS must be a time .* from 100ms to 10m, but is "soon"$/),
      expect.stringMatching(/^DATABASE_URL is required: /),
      expect.stringMatching(/^KAFKA_BOOTSTRAP_SERVERS is required where KAFKA_ENABLED is true: /),
      expect.stringMatching(
        /^KAFKA_SASL_USERNAME is required where KAFKA_SECURITY_PROTOCOL is SASL_PLAINTEXT or SASL_SSL/,
      ),
      expect.stringMatching(/^KAFKA_SASL_PASSWORD is required/),
    ]);
  });

  it('never quotes a secret, whatever is wrong with it', () => {
    const [problem] = problemsOf(databaseVariables, { DATABASE_URL: 'mysql://weir:hunter2@db/x' });
    expect(problem).toMatch(/^DATABASE_URL must be a URL that begins with postgres/);
    expect(problem).not.toContain('hunter2');
  });

  it('reads a secret from a file without the line end after it', () => {
    const variables = { KEY: secret({ about: 'key' }) };
    expect(parseEnvironment(variables, { KEY_FILE: fileWith('s3cret\n') }).KEY).toBe('s3cret');
    expect(parseEnvironment(variables, { KEY_FILE: fileWith(' s3cret \r\n') }).KEY).toBe(' s3cret ');
  });

  it('refuses a secret given twice, a file that cannot be read, and a file that is empty', () => {
    const variables = { KEY: secret({ about: 'the key' }) };
    expect(problemsOf(variables, { KEY: 'a', KEY_FILE: fileWith('b') })).toEqual([
      'KEY and KEY_FILE are both given; only one may be',
    ]);
    expect(problemsOf(variables, { KEY_FILE: '/nowhere/at/all' })).toEqual([
      'KEY_FILE names "/nowhere/at/all", which cannot be read',
    ]);
    expect(problemsOf(variables, { KEY_FILE: fileWith('\n') })).toEqual(['KEY is required: the key']);
  });

  it('knows no file for what is no secret', () => {
    expect(problemsOf({ NAME: text({ about: 'name' }) }, { NAME_FILE: fileWith('x') })).toHaveLength(1);
  });

  it('takes integers as they are written and nothing else', () => {
    assert(property(maxSafeInteger(), (n) => readInteger(String(n)) === n));
    for (const given of ['1e3', '0x10', '1.5', 'Infinity', 'NaN', '9007199254740993', '1,000'])
      expect(() => readInteger(given)).toThrow('must be an integer');
  });
});

describe('fragments', () => {
  it('require what belongs together: a certificate and its key, a user and a password', () => {
    const kafka = { KAFKA_BOOTSTRAP_SERVERS: 'a:1' };
    expect(problemsOf(kafkaVariables('x'), { ...kafka, KAFKA_SSL_KEY_LOCATION: '/k' })).toEqual([
      expect.stringMatching(/^KAFKA_SSL_CERTIFICATE_LOCATION is required where KAFKA_SSL_KEY_LOCATION is given/),
    ]);
    const registry = { SCHEMA_REGISTRY_URL: 'http://r' };
    expect(problemsOf(schemaRegistryVariables, { ...registry, SCHEMA_REGISTRY_PASSWORD: 'p' })).toHaveLength(1);
  });

  it('describe a SASL_SSL connection with prefix and overrides', () => {
    const topics = ['metrics.raw', 'dlq.replay.events'];
    const values = parseEnvironment(kafkaVariables('ingest-api', topics), {
      KAFKA_BOOTSTRAP_SERVERS: 'a:9092,b:9092',
      KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
      KAFKA_SASL_USERNAME: 'u',
      KAFKA_SASL_PASSWORD: 'p',
      KAFKA_SSL_CA_LOCATION: '/ca.pem',
      KAFKA_TOPIC_PREFIX: 'eu.',
      KAFKA_TOPIC_DLQ_REPLAY_EVENTS: 'other',
    });
    expect(kafkaConfig(values, topics)).toEqual({
      enabled: true,
      connection: {
        bootstrapServers: 'a:9092,b:9092',
        clientId: 'ingest-api',
        securityProtocol: 'SASL_SSL',
        sasl: { mechanism: 'PLAIN', username: 'u', password: 'p' },
        ssl: { caLocation: '/ca.pem' },
      },
      consumerGroup: 'ingest-api',
      topicPrefix: 'eu.',
      topicOverrides: { 'dlq.replay.events': 'other' },
      compression: 'lz4',
    });
  });

  it('need no broker where Kafka is turned off', () => {
    const values = parseEnvironment(kafkaVariables('x'), { KAFKA_ENABLED: 'false' });
    expect(kafkaConfig(values)).toMatchObject({ enabled: false, connection: { bootstrapServers: '' } });
  });
});

describe('what may be shown', () => {
  const variables = { ...serviceVariables('app', 1), ...databaseVariables, ...schemaRegistryVariables };
  const env = {
    DATABASE_URL: 'postgres://weir:hunter2@db/x',
    SCHEMA_REGISTRY_URL: 'http://user:hunter2@registry:8081',
  };

  it('is every setting but no secret and no credentials inside a URL', () => {
    const values = parseEnvironment(variables, env);
    const shown = redacted(values);
    expect(shown).toMatchObject({ PORT: 1, DATABASE_URL: '(secret)', SCHEMA_REGISTRY_PASSWORD: null });
    expect(JSON.stringify([shown, serviceConfig(values).settings])).not.toContain('hunter2');
  });

  it('is, in documentation, never the default of a secret', () => {
    const [described] = describeVariables({ KEY: secret({ default: 'x', about: 'key' }) });
    expect(described).toMatchObject({ name: 'KEY', secret: true, default: null });
  });
});

describe('.env', () => {
  it('is read from the nearest directory, and what the environment has already stands', () => {
    const directory = mkdtempSync(join(tmpdir(), 'weir-config-'));
    writeFileSync(join(directory, '.env'), 'WEIR_ONLY_IN_FILE=file\nPATH=file\n');
    expect(processEnvironment(directory)).toMatchObject({ WEIR_ONLY_IN_FILE: 'file', PATH: process.env['PATH'] });
  });
});
