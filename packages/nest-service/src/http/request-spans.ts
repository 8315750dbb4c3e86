import { parseTraceparent, type Span, type Traces } from '@weir/telemetry';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** Health and metrics are asked every few seconds, and tell nobody anything. */
const API = '/api/';
const MAX_USER_AGENT = 200;
const SERVER_ERROR = 500;

/**
 * A span for each call of the API, within which all of it is worked: a part of the caller's trace where it sent a `traceparent`.
 *
 * Names and attributes by the semantic conventions for HTTP servers; the query string and the caller's address are not among them.
 */
export function traceRequests(fastify: FastifyInstance, traces: Traces): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    const route = request.routeOptions.url;
    if (route?.startsWith(API) !== true) {
      done();
      return;
    }
    const span = start(traces, request, route);
    reply.raw.once('close', () => end(span, reply));
    traces.within(span, done);
  });
}

function start(traces: Traces, { method, headers, id, raw, url }: FastifyRequest, route: string): Span {
  const { traceparent, 'user-agent': userAgent } = headers;
  return traces.start(`${method} ${route}`, {
    kind: 'server',
    parent: typeof traceparent === 'string' ? parseTraceparent(traceparent) : null,
    attributes: {
      'http.request.method': method,
      'http.route': route,
      'url.path': url.split('?', 1)[0] ?? url,
      'url.scheme': 'http',
      'network.protocol.version': raw.httpVersion,
      ...(userAgent !== undefined && { 'user_agent.original': userAgent.slice(0, MAX_USER_AGENT) }),
      'weir.correlation_id': id,
    },
  });
}

function end(span: Span, { raw, statusCode }: FastifyReply): void {
  if (raw.writableFinished) span.set({ 'http.response.status_code': statusCode });
  else span.fail('caller_gone');
  if (statusCode >= SERVER_ERROR) span.fail(String(statusCode));
  span.end();
}
