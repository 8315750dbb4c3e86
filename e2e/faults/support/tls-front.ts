import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';

import { securedKafka } from './kafka-user.js';

export interface Identity {
  /** PKCS #12. */
  readonly file: string;
  readonly password: string;
}

/**
 * Stands before the first broker with a certificate of its own, as that broker would look to its clients.
 *
 * Who accepts the certificate is passed on, and then told the brokers' own addresses.
 */
export class TlsFront {
  private readonly sockets = new Set<TLSSocket>();

  private constructor(private readonly server: Server) {}

  static async with(identity: Identity): Promise<TlsFront> {
    const front = new TlsFront(createServer(secureContext(identity)));
    front.server.on('secureConnection', (client) => front.join(client));
    front.server.on('tlsClientError', () => undefined); // what this is about: the client turned away
    front.server.listen(0, '127.0.0.1');
    await once(front.server, 'listening');
    return front;
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Shows another certificate from now on, as a broker whose certificate was renewed. */
  show(identity: Identity): void {
    this.server.setSecureContext(secureContext(identity));
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private join(client: TLSSocket): void {
    const { bootstrapServers, caLocation } = securedKafka();
    const [host = '', port = ''] = (bootstrapServers.split(',')[0] ?? '').split(':');
    const broker = connect({ host, port: Number(port), ca: readFileSync(caLocation) });
    for (const [socket, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      this.sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  }
}

const secureContext = ({ file, password }: Identity): { pfx: Buffer; passphrase: string } => ({
  pfx: readFileSync(file),
  passphrase: password,
});
