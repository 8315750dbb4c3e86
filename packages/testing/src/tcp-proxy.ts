import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * Stands before a real engine, so that a test can take it away and bring it back.
 *
 * It passes bytes on unread, which suits PostgreSQL and HTTP. A Kafka client asks a broker for its address and goes there itself.
 */
export class TcpProxy {
  private readonly sockets = new Set<Socket>();
  private server: Server | null = null;
  private port = 0;

  private constructor(
    private readonly targetHost: string,
    private readonly targetPort: number,
  ) {}

  /** Before the host and port of `url`; `away` refuses connections until `resume`. */
  static async before(url: string, { away = false } = {}): Promise<TcpProxy> {
    const { hostname, port } = new URL(url);
    const proxy = new TcpProxy(hostname, Number(port));
    await proxy.resume(); // takes a port, which it keeps
    if (away) await proxy.cut();
    return proxy;
  }

  /** The same URL by way of the proxy. */
  url(of: string): string {
    const url = new URL(of);
    url.hostname = '127.0.0.1';
    url.port = String(this.port);
    return url.href;
  }

  /** Ends every connection and refuses new ones. */
  async cut(): Promise<void> {
    const { server } = this;
    this.server = null;
    for (const socket of this.sockets) socket.destroy();
    if (server === null) return;
    server.close();
    await once(server, 'close');
  }

  /** Takes connections again, on the same port. */
  async resume(): Promise<void> {
    if (this.server !== null) return;
    this.server = createServer((client) => this.join(client)).listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    const address = this.server.address();
    if (typeof address === 'object' && address !== null) this.port = address.port;
  }

  private join(client: Socket): void {
    const target = connect(this.targetPort, this.targetHost);
    const pair = [client, target] as const;
    for (const socket of pair) {
      this.sockets.add(socket.setNoDelay(true));
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        this.sockets.delete(socket);
        for (const other of pair) other.destroy();
      });
    }
    client.pipe(target).pipe(client);
  }
}
