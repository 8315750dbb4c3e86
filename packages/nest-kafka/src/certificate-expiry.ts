import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import type { KafkaConnection } from '@weir/kafka';
import type { Metrics } from '@weir/telemetry';

/** Shows at each scrape until when the certificates are good that this process uses for Kafka, as their files are then. */
export function watchCertificates({ ssl, securityProtocol }: KafkaConnection, metrics: Metrics): void {
  if (!securityProtocol.endsWith('SSL')) return;
  const expiry = metrics.gauge('weir_certificate_expiry_timestamp_seconds');
  const files = { ca: ssl?.caLocation, client: ssl?.certificateLocation };
  for (const [certificate, path] of Object.entries(files))
    if (path !== undefined)
      metrics.beforeScrape(async () => {
        expiry.set({ certificate }, firstEnd(await readFile(path, 'utf8')));
      });
}

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** When the first of a file's certificates ends, in seconds of Unix time. */
function firstEnd(pem: string): number {
  const ends = (pem.match(PEM) ?? []).map((text) => Date.parse(new X509Certificate(text).validTo));
  return Math.min(...ends) / 1_000;
}
