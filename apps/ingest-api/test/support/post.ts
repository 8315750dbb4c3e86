import { type Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON, where it is. */
  readonly body: unknown;
}

export interface PostOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  /** Sends the body in these pieces, chunked and so without a length. */
  readonly chunked?: boolean;
  readonly path?: string;
  /** To keep the connection. */
  readonly agent?: Agent;
}

/** One HTTP request, with nothing added to it; over a connection of its own unless told otherwise. */
export function send(url: string, body: Buffer | string, options: PostOptions = {}): Promise<Answer> {
  const { headers = {}, method = 'POST', chunked = false, path = '/api/v1/metrics', agent = false } = options;
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const length = chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(bytes.length) };
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${url}${path}`, { method, agent, headers: { ...length, ...headers } });
    let answered = false;
    request.on('response', (response) => {
      answered = true;
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: jsonOf(text) });
      });
    });
    // A refusal may come, and the connection go, before all of the body was written.
    request.on('error', (error) => {
      if (!answered) reject(error);
    });
    request.end(bytes);
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
