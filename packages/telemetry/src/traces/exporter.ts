import { readFileSync } from 'node:fs';

import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import type { SpanExporter } from '@opentelemetry/sdk-trace';

import type { TracesOptions } from './open-traces.js';

/** What sends spans as OTLP over HTTP. Rejects where a certificate cannot be read. */
export async function exporterOf(options: TracesOptions): Promise<SpanExporter> {
  const { endpoint, protocol, headers, compression, timeoutMs, tls } = options;
  const { OTLPTraceExporter } = await (protocol === 'http/json'
    ? import('@opentelemetry/exporter-trace-otlp-http')
    : import('@opentelemetry/exporter-trace-otlp-proto'));
  return new OTLPTraceExporter({
    url: endpoint,
    headers: { ...headers },
    compression: compression === 'gzip' ? CompressionAlgorithm.GZIP : CompressionAlgorithm.NONE,
    timeoutMillis: timeoutMs,
    httpAgentOptions: { keepAlive: true, ca: pem(tls.authority), cert: pem(tls.certificate), key: pem(tls.key) },
  });
}

const pem = (path: string | null): Buffer | undefined => (path === null ? undefined : readFileSync(path));
