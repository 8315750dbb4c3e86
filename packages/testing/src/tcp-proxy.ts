import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Transform } from 'node:stream';

/** How bad a network is. */
export interface LinkQuality {
  /** Each piece of data arrives so much later, in both directions. */
  readonly latencyMs?: number;
  /** The share of pieces of data at which the connection breaks instead, from 0 to 1. */
  readonly resets?: number;
}

/**
 * Stands before a real engine, so that a test can take it away and bring it back, or make the way to it a bad one.
 *
 * Bytes are passed on as they are. A Kafka client, however, asks a broker for the addresses of all and goes there itself: before brokers
 * it puts the proxies' ports into the answers.
 */
export class TcpProxy {
  private readonly sockets = new Set<Socket>();
  private server: Server | null = null;
  private port = 0;
  private quality: LinkQuality = {};

  /** `brokerPorts`: by a broker's port, that of the proxy before it; null before anything else. */
  private constructor(
    private readonly targetHost: string,
    private readonly targetPort: number,
    private readonly brokerPorts: Map<number, number> | null = null,
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
    const [proxy] = await TcpProxy.beforeBrokers(bootstrapServers);
    if (proxy === undefined) throw new Error('there is no broker');
    if (away) await proxy.cut();
    return proxy;
  }

  /** Before each broker of a cluster, all of which have to be named. Their `address`es, joined by commas, are bootstrap servers. */
  static async beforeBrokers(bootstrapServers: string): Promise<TcpProxy[]> {
    const ports = new Map<number, number>();
    const proxies = bootstrapServers.split(',').map((server) => {
      const [host = '', port = ''] = server.split(':');
      return new TcpProxy(host, Number(port), ports);
    });
    for (const proxy of proxies) {
      await proxy.resume();
      ports.set(proxy.targetPort, proxy.port);
    }
    return proxies;
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

  /** From now on the way is this bad; `{}` makes it good again. */
  degrade(quality: LinkQuality): void {
    this.quality = quality;
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
    this.pass(client, target, (bytes) => bytes);
    this.pass(target, client, (bytes) => this.withProxyPorts(bytes));
  }

  /** In order and with back-pressure, however late. */
  private pass(from: Socket, to: Socket, change: (bytes: Buffer) => Buffer): void {
    const way = new Transform({
      transform: (bytes: Buffer, _encoding, done) => {
        const { latencyMs = 0, resets = 0 } = this.quality;
        if (Math.random() < resets) from.resetAndDestroy();
        else if (latencyMs === 0) done(null, change(bytes));
        else setTimeout(() => done(null, change(bytes)), latencyMs);
      },
    });
    from.pipe(way).pipe(to);
  }

  /** In the responses that name brokers an address is the host's length and bytes, and the port as INT32. */
  private withProxyPorts(answer: Buffer): Buffer {
    if (this.brokerPorts === null) return answer;
    for (let at = answer.indexOf(this.targetHost); at >= 0; at = answer.indexOf(this.targetHost, at + 1)) {
      const portAt = at + Buffer.byteLength(this.targetHost);
      const port = portAt + 4 <= answer.length ? this.brokerPorts.get(answer.readInt32BE(portAt)) : undefined;
      if (port !== undefined) answer.writeInt32BE(port, portAt);
    }
    return answer;
  }
}
