import type { ClientStatistics } from '@weir/kafka';
import type { Metrics } from '@weir/telemetry';

/** Shows what the native client of this name tells of itself. A client that was replaced begins to count from zero. */
export function statisticsObserver(metrics: Metrics, client: string): (statistics: ClientStatistics) => void {
  const brokers = metrics.gauge('weir_kafka_client_brokers');
  const roundTrip = metrics.gauge('weir_kafka_client_round_trip_seconds');
  const throttle = metrics.gauge('weir_kafka_client_throttle_seconds');
  const waiting = metrics.gauge('weir_kafka_client_waiting_requests');
  const fetched = metrics.gauge('weir_kafka_client_fetched_records');
  const timedOut = metrics.counter('weir_kafka_client_timed_out_requests_total');
  const retried = metrics.counter('weir_kafka_client_retried_requests_total');
  let before = { timedOutRequests: 0, retriedRequests: 0 };
  timedOut.inc({ client }, 0);
  retried.inc({ client }, 0);
  return (statistics) => {
    brokers.set({ client, state: 'up' }, statistics.brokersUp);
    brokers.set({ client, state: 'down' }, statistics.brokersDown);
    roundTrip.set({ client }, statistics.roundTripSeconds);
    throttle.set({ client }, statistics.throttleSeconds);
    waiting.set({ client }, statistics.waitingRequests);
    fetched.set({ client }, statistics.fetchedRecords);
    timedOut.inc({ client }, grown(before.timedOutRequests, statistics.timedOutRequests));
    retried.inc({ client }, grown(before.retriedRequests, statistics.retriedRequests));
    before = statistics;
  };
}

const grown = (before: number, now: number): number => (now >= before ? now - before : now);
