import type { CounterName, HistogramName, Metrics } from '@weir/telemetry';
import type { FastifyInstance } from 'fastify';

/** nginx's: the caller hung up. */
const CALLER_GONE = 499;

interface AnswerMetrics {
  readonly requests: Extract<CounterName, 'weir_query_requests_total' | 'weir_admin_requests_total'>;
  readonly durations: Extract<HistogramName, 'weir_query_duration_seconds' | 'weir_admin_request_duration_seconds'>;
}

/** Counts and times the answers of all routes below `prefix`, also where the caller hung up (499). */
export function countAnswers(
  fastify: FastifyInstance,
  metrics: Metrics,
  prefix: string,
  { requests: counter, durations: histogram }: AnswerMetrics,
): void {
  const requests = metrics.counter(counter);
  const durations = metrics.histogram(histogram);
  fastify.addHook('onRequest', (request, reply, done) => {
    const route = request.routeOptions.url; // the pattern, and not what was asked: a bounded label
    // `onResponse` would not come where the caller hung up.
    if (route?.startsWith(prefix) === true)
      reply.raw.once('close', () => {
        const status = reply.raw.writableFinished ? reply.statusCode : CALLER_GONE;
        requests.inc({ route, status: String(status) });
        durations.observe({ route }, reply.elapsedTime / 1_000);
      });
    done();
  });
}
