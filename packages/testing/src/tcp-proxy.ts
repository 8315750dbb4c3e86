import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * Stands before a real engine, so that a test can take it away and bring it back.
 *
 * Bytes are passed on as they are. A Kafka client, however, asks a broker for its address and goes there itself: before a broker it
 * puts its own port into the answers.
 */
export class TcpProxy {
  private readonly sockets = new Set<Socket>();
  private server: Server | null = null;
  private port = 0;

  private constructor(
    private readonly targetHost: string,
    private readonly targetPort: number,
    private readonly isBroker = false,
  ) {}

  /** Before the host and port of `url`; `away` refuses connections until `resume`. */
  static async before(url: string, { away = false } = {}): Promise<TcpProxy> {
    const { hostname, port } = new URL(url);
    const proxy = new TcpProxy(hostname, Number(port));
    await proxy.resume(); // takes a port, which it keeps
    if (away) await proxy.cut();
    return proxy;
  }

  /** Before the one broker of these bootstrap servers, which has to advertise itself as it is named there. */
  static async beforeBroker(bootstrapServers: string, { away = false } = {}): Promise<TcpProxy> {
    const [host = '', port = ''] = bootstrapServers.split(':');
    const proxy = new TcpProxy(host, Number(port), true);
    await proxy.resume();
    if (away) await proxy.cut();
    return proxy;
  }

  /** For clients that take no URL. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
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
    client.pipe(target);
    if (this.isBroker) target.on('data', (answer: Buffer) => client.write(this.withOwnPort(answer)));
    else target.pipe(client);
  }

  /** In the responses that name brokers an address is the host's length and bytes, and the port as INT32. */
  private withOwnPort(answer: Buffer): Buffer {
    for (let at = answer.indexOf(this.targetHost); at >= 0; at = answer.indexOf(this.targetHost, at + 1)) {
      const portAt = at + Buffer.byteLength(this.targetHost);
      if (portAt + 4 <= answer.length && answer.readInt32BE(portAt) === this.targetPort)
        answer.writeInt32BE(this.port, portAt);
    }
    return answer;
  }
}
