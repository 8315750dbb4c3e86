import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

import { engines } from '@weir/testing';

/**
 * Stands before the broker of the test run, so that a test can take it away: cut its connections, or swallow what goes over them.
 *
 * A broker gives out its address, and clients go there; the proxy puts its own in its place.
 */
export class BrokerProxy {
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;
  private stalled = false;
  private port = 0;
  private sent = 0;

  private constructor(
    private readonly targetHost: string,
    private readonly targetPort: number,
  ) {}

  /** `away` refuses connections until `resume`. */
  static async start({ away = false } = {}): Promise<BrokerProxy> {
    const [host = '', port = ''] = engines().kafka.bootstrapServers.split(':');
    const proxy = new BrokerProxy(host, Number(port));
    await proxy.resume();
    if (away) await proxy.cut();
    return proxy;
  }

  get bootstrapServers(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Bytes that clients sent to the broker so far. */
  get bytesSent(): number {
    return this.sent;
  }

  /** Bytes stop moving and connections stand, as in a network that swallows. */
  stall(): void {
    this.stalled = true;
  }

  /** Ends every connection and refuses new ones. */
  async cut(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    for (const socket of this.sockets) socket.destroy();
    if (server === undefined) return;
    server.close();
    await once(server, 'close');
  }

  async resume(): Promise<void> {
    this.stalled = false;
    if (this.server !== undefined) return;
    this.server = createServer((client) => this.accept(client)).listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    const address = this.server.address();
    if (typeof address === 'object' && address !== null) this.port = address.port;
  }

  private accept(client: Socket): void {
    const target = connect(this.targetPort, this.targetHost);
    for (const socket of [client, target]) {
      this.sockets.add(socket.setNoDelay(true));
      socket.on('error', () => socket.destroy());
      socket.on('close', () => this.sockets.delete(socket));
    }
    client.on('close', () => target.destroy());
    target.on('close', () => client.destroy());
    client.on('data', (bytes) => {
      this.sent += bytes.length;
      if (!this.stalled) target.write(bytes);
    });
    target.on('data', (bytes) => {
      if (!this.stalled) client.write(this.withOwnPort(bytes));
    });
  }

  /** In a response with addresses, each is the host's bytes and then the port as INT32. */
  private withOwnPort(bytes: Buffer): Buffer {
    const host = Buffer.from(this.targetHost);
    for (let at = bytes.indexOf(host); at >= 0; at = bytes.indexOf(host, at + 1)) {
      const portAt = at + host.length;
      if (portAt + 4 <= bytes.length && bytes.readInt32BE(portAt) === this.targetPort)
        bytes.writeInt32BE(this.port, portAt);
    }
    return bytes;
  }
}
