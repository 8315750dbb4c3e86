import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

import { type OtlpSpan, spansOfJson, spansOfProtobuf } from './otlp-messages.js';
import { ReturningServer } from './returning-server.js';

/** A span as the collector has it. */
export type ReceivedSpan = OtlpSpan;

/**
 * A collector of traces as far as a sender sees it: OTLP over HTTP, as protobuf and as JSON, which it decodes by the protocol's own definitions.
 *
 * https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
export class OtlpReceiver extends ReturningServer {
  readonly spans: ReceivedSpan[] = [];
  /** Headers of each request that came. */
  readonly requests: IncomingHttpHeaders[] = [];
  /** The status that it answers with; what it does not answer with 200 it does not take either. */
  status = 200;

  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  get url(): string {
    return this.origin;
  }

  ofTrace(traceId: string): ReceivedSpan[] {
    return this.spans.filter((span) => span.traceId === traceId);
  }

  named(name: string): ReceivedSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  protected handle(incoming: IncomingMessage, answer: ServerResponse): void {
    void this.take(incoming).then(
      (status) => answer.writeHead(status).end(),
      (error: unknown) => answer.writeHead(400).end(String(error)),
    );
  }

  private async take(incoming: IncomingMessage): Promise<number> {
    const sent = await buffer(incoming);
    this.requests.push(incoming.headers);
    if (incoming.method !== 'POST' || incoming.url !== '/v1/traces') return 404;
    if (this.status !== 200) return this.status;
    const body = incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
    if (incoming.headers['content-type'] === 'application/json') this.spans.push(...spansOfJson(body.toString()));
    else if (incoming.headers['content-type'] === 'application/x-protobuf') this.spans.push(...spansOfProtobuf(body));
    else return 415;
    return 200;
  }
}
