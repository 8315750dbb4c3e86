import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** An HTTP server on the loopback that may go and come back at the same address, as what it stands for does. */
export abstract class ReturningServer {
  private server: Server | undefined;
  private port = 0;

  protected get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Listens on the port of before, or on any free one the first time. */
  async start(): Promise<void> {
    if (this.server !== undefined) return;
    const server = createServer((incoming, answer) => this.handle(incoming, answer));
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    const address = server.address();
    if (address !== null && typeof address === 'object') this.port = address.port;
    this.server = server;
  }

  /** Cuts the connections that there are. */
  async stop(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
  }

  protected abstract handle(incoming: IncomingMessage, answer: ServerResponse): void;
}
