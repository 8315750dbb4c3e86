import { type IncomingMessage, request, type ServerResponse } from 'node:http';

import { ReturningServer } from './returning-server.js';

/** What the proxy does to a request instead of passing it on. */
export type RegistryFault = (incoming: IncomingMessage, answer: ServerResponse) => void;

/** The real registry, reached through a proxy that can fail as registries, load balancers and networks do. */
export class RegistryProxy extends ReturningServer {
  /** What becomes of a request; where there is none, or it answers undefined, the request is passed on. */
  fault: ((incoming: IncomingMessage) => RegistryFault | undefined) | undefined;
  /** What is passed on is passed on so much later. */
  latencyMs = 0;
  /** Method and path, below the registry's own, of each request that came. */
  readonly requests: string[] = [];
  readonly authorizations = new Set<string | undefined>();

  constructor(private readonly target: string) {
    super();
  }

  get url(): string {
    return `${this.origin}${new URL(this.target).pathname}`;
  }

  protected handle(incoming: IncomingMessage, answer: ServerResponse): void {
    this.requests.push(`${incoming.method} ${incoming.url?.replace(new URL(this.target).pathname, '')}`);
    this.authorizations.add(incoming.headers.authorization);
    const fault = this.fault?.(incoming);
    if (fault !== undefined) return fault(incoming, answer);
    if (this.latencyMs === 0) this.passOn(incoming, answer);
    else setTimeout(() => this.passOn(incoming, answer), this.latencyMs).unref();
  }

  private passOn(incoming: IncomingMessage, answer: ServerResponse): void {
    const { hostname, port } = new URL(this.target);
    const { method, url: path, headers } = incoming;
    const onward = request({ hostname, port, method, path, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    incoming.pipe(onward);
  }
}

/** Answers at once with this status and body. */
const answering =
  (status: number, body: string, contentType = 'application/json'): RegistryFault =>
  (_, answer) =>
    answer.writeHead(status, { 'content-type': contentType }).end(body);

/** Takes the request and never answers. */
const silent: RegistryFault = () => undefined;

/** Begins an answer and cuts the connection within it. */
const cut: RegistryFault = (_, answer) => {
  answer.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
  answer.write('{"schema":', () => answer.destroy());
};

/** What a registry answers that has lost its data. */
const wiped = answering(404, '{"message":"No content with that ID was found.","error_code":40403}');

export const registryFaults = { answering, silent, cut, wiped };
