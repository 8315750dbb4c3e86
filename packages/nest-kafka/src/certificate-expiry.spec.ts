import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from '@jest/globals';
import type { KafkaConnection } from '@weir/kafka';
import { Metrics } from '@weir/telemetry';

import { watchCertificates } from './certificate-expiry.js';

const SOONER = `-----BEGIN CERTIFICATE-----
MIIBcTCCARegAwIBAgIUJb5kFNQi1kHLEA/xBlJ9mR0nMCAwCgYIKoZIzj0EAwIw
DjEMMAoGA1UEAwwDb25lMB4XDTI2MTEyMjEwMzkyN1oXDTM2MTExOTEwMzkyN1ow
DjEMMAoGA1UEAwwDb25lMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEWuCWiQru
qi4ZaPkq344oD2U7GcX1984DT5IKb+uH/5hfxS9vI//BwCvjbY14mW7FFmUmwbeY
SO+eyqpgNOF3D6NTMFEwHQYDVR0OBBYEFKZUVPvtyIHbWf+T9vZFDLuCJ9S7MB8G
A1UdIwQYMBaAFKZUVPvtyIHbWf+T9vZFDLuCJ9S7MA8GA1UdEwEB/wQFMAMBAf8w
CgYIKoZIzj0EAwIDSAAwRQIhAJ3tfOKN2gqItz+Y4ZtQo5ia8EG3NjPQXRGxdmfS
aJeLAiBodovwiTvIMngrqcikvfDEa3p+Ooj+nvSESrAKNciyYw==
-----END CERTIFICATE-----`;
const SOONER_ENDS = Date.parse('2036-11-19T10:39:27Z') / 1_000;
const LATER = `-----BEGIN CERTIFICATE-----
MIIBcDCCARegAwIBAgIUOMQAFjzt/XaRzpdorNbTfsqCMtswCgYIKoZIzj0EAwIw
DjEMMAoGA1UEAwwDdHdvMB4XDTI2MTEyMjEwMzkyOFoXDTQ2MTExNzEwMzkyOFow
DjEMMAoGA1UEAwwDdHdvMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEAMK8cb43
p1zK4Zoy/xLd5n+5CNrzmiuWl8RQYPqjo1mcfVMzmQMWjETLZqlB7hf0Z6joJsuP
d3p9wNokC0asnKNTMFEwHQYDVR0OBBYEFMnKonwuleMGc5Jmbg9yScjNIUgsMB8G
A1UdIwQYMBaAFMnKonwuleMGc5Jmbg9yScjNIUgsMA8GA1UdEwEB/wQFMAMBAf8w
CgYIKoZIzj0EAwIDRwAwRAIgJOGrj2+pW21xjX6xNUQIc5tw67WbCpBICd6gwsjS
VVECIFuXBCEI2mjTP4C9PsKEWOd6mLmUvl8NFKzDC8kBZZJ4
-----END CERTIFICATE-----`;
const LATER_ENDS = Date.parse('2046-11-17T10:39:28Z') / 1_000;

const directory = mkdtempSync(join(tmpdir(), 'weir-certificates-'));
const ca = join(directory, 'ca.pem');
const client = join(directory, 'client.pem');
afterAll(() => rmSync(directory, { recursive: true }));

const connection = (securityProtocol: KafkaConnection['securityProtocol']): KafkaConnection => ({
  bootstrapServers: 'kafka:9093',
  clientId: 'test',
  securityProtocol,
  ssl: { caLocation: ca, certificateLocation: client },
});
/** The lines that a scrape has of it, by their labels: the files are read at once, and the first to be read has the first line. */
const shown = async (metrics: Metrics): Promise<string[]> =>
  (await metrics.scrape())
    .split('\n')
    .filter((line) => line.startsWith('weir_certificate_expiry'))
    .toSorted();

describe('when certificates end', () => {
  it('is told of each file by the first of its certificates, as it is at each scrape', async () => {
    const metrics = new Metrics();
    watchCertificates(connection('SASL_SSL'), metrics);
    writeFileSync(ca, `${LATER}\n${SOONER}\n`);
    writeFileSync(client, LATER);
    const name = 'weir_certificate_expiry_timestamp_seconds';
    expect(await shown(metrics)).toEqual([
      `${name}{certificate="ca"} ${SOONER_ENDS}`,
      `${name}{certificate="client"} ${LATER_ENDS}`,
    ]);
    writeFileSync(ca, LATER);
    expect(await shown(metrics)).toContain(`${name}{certificate="ca"} ${LATER_ENDS}`);
  });

  it('is nothing that a connection without TLS has', async () => {
    const metrics = new Metrics();
    watchCertificates(connection('SASL_PLAINTEXT'), metrics);
    expect(await shown(metrics)).toEqual([]);
  });
});
