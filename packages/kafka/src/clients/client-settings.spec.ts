import { describe, expect, it } from '@jest/globals';

import { clientSettings, uniqueClientId } from './client-settings.js';

const plain = { bootstrapServers: 'a:9092,b:9092', clientId: 'ingest-api', securityProtocol: 'PLAINTEXT' } as const;

describe('clientSettings', () => {
  it('gives each client an id of its own that begins with the prefix and names the host', () => {
    const [one, other] = [uniqueClientId('ingest-api'), uniqueClientId('ingest-api')];
    expect(one).toMatch(/^ingest-api-.+-[0-9a-f]{8}$/);
    expect(one).not.toBe(other);
  });

  it('keeps credentials out of a connection that does not use them', () => {
    const settings = clientSettings({
      ...plain,
      sasl: { mechanism: 'PLAIN', username: 'u', password: 'p' },
      ssl: { caLocation: '/ca' },
    });
    expect(settings).toMatchObject({ 'bootstrap.servers': 'a:9092,b:9092', 'security.protocol': 'plaintext' });
    expect(JSON.stringify(settings)).not.toMatch(/sasl|ssl/);
  });

  it('carries SASL and SSL where the protocol has both', () => {
    const settings = clientSettings({
      ...plain,
      securityProtocol: 'SASL_SSL',
      sasl: { mechanism: 'SCRAM-SHA-512', username: 'weir', password: 'secret' },
      ssl: { caLocation: '/ca.pem', certificateLocation: '/me.pem', keyLocation: '/me.key', keyPassword: 'k' },
    });
    expect(settings).toMatchObject({
      'security.protocol': 'sasl_ssl',
      'sasl.mechanisms': 'SCRAM-SHA-512',
      'sasl.username': 'weir',
      'sasl.password': 'secret',
      'ssl.ca.location': '/ca.pem',
      'ssl.certificate.location': '/me.pem',
      'ssl.key.location': '/me.key',
      'ssl.key.password': 'k',
    });
  });
});
