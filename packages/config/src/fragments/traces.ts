import { duration, flag, integer, oneOf, secret, text, url } from '../kinds.js';
import type { Values } from '../variable.js';

/** Where spans go, and which. Times in milliseconds. */
export interface TracesConfig {
  /** The whole URL that spans are posted to. */
  readonly endpoint: string;
  readonly protocol: 'http/protobuf' | 'http/json';
  readonly headers: Readonly<Record<string, string>>;
  readonly compression: 'none' | 'gzip';
  readonly timeoutMs: number;
  /** Paths of PEM files. */
  readonly tls: {
    readonly authority: string | null;
    readonly certificate: string | null;
    readonly key: string | null;
  };
  readonly sampler: {
    readonly name: (typeof SAMPLERS)[number];
    /** Of traces that begin here; for the samplers with `traceidratio`. */
    readonly ratio: number;
  };
  /** What tells this process apart, `service.name` among it where it is given. */
  readonly resource: Readonly<Record<string, string>>;
  readonly queue: {
    readonly maxSpans: number;
    readonly batchSpans: number;
    readonly delayMs: number;
    readonly exportTimeoutMs: number;
  };
}

const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

const PAIRS = { pattern: /^\s*[^=,\s]+\s*=[^,]*(?:,\s*[^=,\s]+\s*=[^,]*)*$/, shape: 'key=value,key2=value2' };
const RATIO = { pattern: /^(?:0?\.\d+|0(?:\.0*)?|1(?:\.0*)?)$/, shape: 'a number from 0 to 1' };
const PROTOCOLS = ['http/protobuf', 'http/json'] as const;
const COMPRESSIONS = ['none', 'gzip'] as const;

/**
 * The standard variables of OpenTelemetry that this process follows. Unlike the specification's, the default exporter is `none`: what
 * nobody asked for is not sent to localhost.
 *
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ and ../../protocol/exporter/
 */
export const tracesVariables = {
  OTEL_SDK_DISABLED: flag({ default: false, about: 'True: no traces, whatever else is given.' }),
  OTEL_TRACES_EXPORTER: oneOf(['otlp', 'none'], {
    required: false,
    about: 'Whether spans are sent. Without it they are where an endpoint is given.',
  }),
  OTEL_EXPORTER_OTLP_ENDPOINT: url({
    required: false,
    about: 'The collector; `v1/traces` is added. http://localhost:4318 where only the exporter is given.',
  }),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url({
    required: false,
    about: 'The whole URL that spans are posted to, instead of the one above.',
  }),
  OTEL_EXPORTER_OTLP_PROTOCOL: oneOf(PROTOCOLS, { default: 'http/protobuf', about: 'How spans are written.' }),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: oneOf(PROTOCOLS, { required: false, about: 'Goes before the one above.' }),
  OTEL_EXPORTER_OTLP_HEADERS: secret({
    ...PAIRS,
    required: false,
    about: 'Headers for the collector, as a token: key=value, separated by commas and percent-encoded.',
  }),
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: secret({ ...PAIRS, required: false, about: 'Goes before the one above.' }),
  OTEL_EXPORTER_OTLP_COMPRESSION: oneOf(COMPRESSIONS, { default: 'none', about: 'How spans are compressed.' }),
  OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: oneOf(COMPRESSIONS, { required: false, about: 'Goes before the one above.' }),
  OTEL_EXPORTER_OTLP_TIMEOUT: duration({
    default: 10_000,
    min: 1,
    about: 'How long sending a batch of spans may take, repetitions included.',
  }),
  OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: duration({ required: false, min: 1, about: 'Goes before the one above.' }),
  OTEL_EXPORTER_OTLP_CERTIFICATE: text({
    required: false,
    about: "A PEM file with the authority of the collector's certificate.",
  }),
  OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: text({
    requiredWhen: { variable: 'OTEL_EXPORTER_OTLP_CLIENT_KEY', is: 'given' },
    about: "A PEM file with this client's certificate for the collector.",
  }),
  OTEL_EXPORTER_OTLP_CLIENT_KEY: text({
    requiredWhen: { variable: 'OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE', is: 'given' },
    about: "A PEM file with that certificate's private key.",
  }),
  OTEL_TRACES_SAMPLER: oneOf(SAMPLERS, {
    default: 'parentbased_always_on',
    about: "Which traces are recorded. With `parentbased_` the caller's `traceparent` decides where there is one.",
  }),
  OTEL_TRACES_SAMPLER_ARG: text({ ...RATIO, default: '1', about: 'The part of traces that `traceidratio` records.' }),
  OTEL_SERVICE_NAME: text({ required: false, about: 'The name in traces; SERVICE_NAME unless given.' }),
  OTEL_RESOURCE_ATTRIBUTES: text({
    ...PAIRS,
    required: false,
    about: 'What else spans say of this process: key=value, separated by commas and percent-encoded.',
  }),
  OTEL_BSP_SCHEDULE_DELAY: duration({ default: 5_000, about: 'How long spans wait for others to be sent with.' }),
  OTEL_BSP_EXPORT_TIMEOUT: duration({ default: 30_000, min: 1, about: 'When a batch of spans is given up.' }),
  OTEL_BSP_MAX_QUEUE_SIZE: integer({
    default: 2_048,
    min: 1,
    max: 1_000_000,
    about: 'Spans that wait at most; further ones are dropped.',
  }),
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: integer({
    default: 512,
    min: 1,
    max: 1_000_000,
    about: 'Spans sent at once at most.',
  }),
};

/** Null where traces are off. */
export function tracesConfig(values: Values<typeof tracesVariables>): TracesConfig | null {
  if (!isOn(values)) return null;
  return {
    endpoint: endpointOf(values),
    protocol: values.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? values.OTEL_EXPORTER_OTLP_PROTOCOL,
    headers: pairsIn(values.OTEL_EXPORTER_OTLP_TRACES_HEADERS ?? values.OTEL_EXPORTER_OTLP_HEADERS),
    compression: values.OTEL_EXPORTER_OTLP_TRACES_COMPRESSION ?? values.OTEL_EXPORTER_OTLP_COMPRESSION,
    timeoutMs: values.OTEL_EXPORTER_OTLP_TRACES_TIMEOUT ?? values.OTEL_EXPORTER_OTLP_TIMEOUT,
    tls: {
      authority: values.OTEL_EXPORTER_OTLP_CERTIFICATE ?? null,
      certificate: values.OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE ?? null,
      key: values.OTEL_EXPORTER_OTLP_CLIENT_KEY ?? null,
    },
    sampler: { name: values.OTEL_TRACES_SAMPLER, ratio: Number(values.OTEL_TRACES_SAMPLER_ARG) },
    resource: {
      ...pairsIn(values.OTEL_RESOURCE_ATTRIBUTES),
      ...(values.OTEL_SERVICE_NAME !== undefined && { 'service.name': values.OTEL_SERVICE_NAME }),
    },
    queue: {
      maxSpans: values.OTEL_BSP_MAX_QUEUE_SIZE,
      batchSpans: Math.min(values.OTEL_BSP_MAX_EXPORT_BATCH_SIZE, values.OTEL_BSP_MAX_QUEUE_SIZE),
      delayMs: values.OTEL_BSP_SCHEDULE_DELAY,
      exportTimeoutMs: values.OTEL_BSP_EXPORT_TIMEOUT,
    },
  };
}

function isOn(values: Values<typeof tracesVariables>): boolean {
  if (values.OTEL_SDK_DISABLED) return false;
  const endpoint = values.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? values.OTEL_EXPORTER_OTLP_ENDPOINT;
  return (values.OTEL_TRACES_EXPORTER ?? (endpoint === undefined ? 'none' : 'otlp')) === 'otlp';
}

/** The general endpoint is a base for every signal, and that of traces is whole. */
function endpointOf(values: Values<typeof tracesVariables>): string {
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: whole, OTEL_EXPORTER_OTLP_ENDPOINT: base } = values;
  if (whole !== undefined) return whole;
  const found = new URL(base ?? 'http://localhost:4318');
  found.pathname = `${found.pathname.replace(/\/$/, '')}/v1/traces`;
  return found.href;
}

/** As W3C Baggage writes them: keys and values percent-encoded. */
function pairsIn(given: string | undefined): Record<string, string> {
  const pairs = (given ?? '').split(',').filter((pair) => pair.includes('='));
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      return [decoded(pair.slice(0, at)), decoded(pair.slice(at + 1))];
    }),
  );
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part.trim());
  } catch {
    return part.trim(); // a percent sign that encodes nothing stands for itself
  }
}
