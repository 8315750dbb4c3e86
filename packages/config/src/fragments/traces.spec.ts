import { describe, expect, it } from '@jest/globals';

import {
  parseEnvironment,
  redacted,
  serviceConfig,
  serviceVariables,
  type Environment,
  type TracesConfig,
} from '../index.js';

const variables = serviceVariables('app', 8000);
const traces = (env: Environment): TracesConfig | null => serviceConfig(parseEnvironment(variables, env)).traces;
const ENDPOINT = 'http://collector:4318';

describe('the configuration of traces', () => {
  it.each([
    {},
    { OTEL_SERVICE_NAME: 'x', OTEL_TRACES_SAMPLER: 'always_on' },
    { OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT },
    { OTEL_SDK_DISABLED: 'true', OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT },
  ])('is none with %j', (env) => {
    expect(traces(env)).toBeNull();
  });

  it.each([
    [{ OTEL_TRACES_EXPORTER: 'otlp' }, 'http://localhost:4318/v1/traces'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT }, 'http://collector:4318/v1/traces'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://c/base/?a=b' }, 'https://c/base/v1/traces?a=b'],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://c/as-it-is' }, 'https://c/as-it-is'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://t/' }, 'http://t/'],
  ])('with %j posts to %s', (env, endpoint) => {
    expect(traces(env)).toMatchObject({ endpoint, protocol: 'http/protobuf', compression: 'none' });
  });

  it('has what is said of traces before what is said of every signal', () => {
    expect(
      traces({
        OTEL_TRACES_EXPORTER: 'otlp',
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
        OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
        OTEL_EXPORTER_OTLP_HEADERS: 'a=b',
        OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'Authorization=Bearer%20x%3D1, tenant = acme ,empty=',
        OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '2000',
        OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: 'gzip',
        OTEL_RESOURCE_ATTRIBUTES: 'service.name=attribute,region=eu%2Cwest,odd=50%',
        OTEL_SERVICE_NAME: 'name',
        OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
        OTEL_TRACES_SAMPLER_ARG: '.25',
        OTEL_BSP_MAX_QUEUE_SIZE: '100',
      }),
    ).toMatchObject({
      protocol: 'http/json',
      headers: { Authorization: 'Bearer x=1', tenant: 'acme', empty: '' },
      timeoutMs: 2_000,
      compression: 'gzip',
      resource: { 'service.name': 'name', region: 'eu,west', odd: '50%' },
      sampler: { name: 'parentbased_traceidratio', ratio: 0.25 },
      queue: { maxSpans: 100, batchSpans: 100 },
    });
  });

  it('tells every wrong value at once, and no header', () => {
    const env = {
      OTEL_TRACES_EXPORTER: 'zipkin',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_HEADERS: 'hunter2',
      OTEL_TRACES_SAMPLER: 'sometimes',
      OTEL_TRACES_SAMPLER_ARG: '1.5',
      OTEL_RESOURCE_ATTRIBUTES: 'service.name',
      OTEL_BSP_MAX_QUEUE_SIZE: '0',
    };
    const told = ((): string => {
      try {
        traces(env);
        return '';
      } catch (error) {
        return String(error);
      }
    })();
    for (const name of Object.keys(env)) expect(told).toContain(`${name} must be`);
    expect(told).not.toContain('hunter2');
    const given = parseEnvironment(variables, { OTEL_EXPORTER_OTLP_HEADERS: 'token=hunter2' });
    expect(redacted(given)['OTEL_EXPORTER_OTLP_HEADERS']).toBe('(secret)');
  });
});
