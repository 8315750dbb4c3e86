/**
 * What librdkafka tells of one client since it told last (STATISTICS.md of librdkafka). Times in seconds; the totals count from the
 * client's beginning.
 */
export interface ClientStatistics {
  /** Of brokers that were named or learned of; bootstrap addresses are none of them. */
  readonly brokersUp: number;
  readonly brokersDown: number;
  /** From sending a request to its answer, 99th percentile, of the slowest broker. */
  readonly roundTripSeconds: number;
  /** The longest for which a broker throttled the client (KIP-13). */
  readonly throttleSeconds: number;
  /** Requests that are not sent or not answered yet. */
  readonly waitingRequests: number;
  readonly timedOutRequests: number;
  readonly retriedRequests: number;
  /** Records that wait to be consumed. */
  readonly fetchedRecords: number;
}

/** librdkafka hands statistics over so often: once between two scrapes of Prometheus' usual interval. */
export const STATISTICS_INTERVAL_MS = 10_000;

/** Null where it is not librdkafka's statistics. */
export function clientStatistics(message: string): ClientStatistics | null {
  const statistics = parsed(message);
  if (!isStatistics(statistics)) return null;
  const connections = Object.entries(statistics.brokers).filter(([, { nodeid = -1 }]) => nodeid >= 0);
  // A connection of its own leads to the group's coordinator, which is a broker that is there already.
  const ofBrokers = connections.filter(([name, { nodeid }]) => name.endsWith(`/${nodeid}`));
  const brokers = connections.map(([, broker]) => broker);
  const partitions = Object.values(statistics.topics ?? {}).flatMap((topic) => Object.values(topic.partitions ?? {}));
  const sum = (of: (broker: BrokerStatistics) => number | undefined): number =>
    brokers.reduce((total, broker) => total + (of(broker) ?? 0), 0);
  const most = (of: (broker: BrokerStatistics) => number | undefined): number =>
    brokers.reduce((highest, broker) => Math.max(highest, of(broker) ?? 0), 0);
  const inState = (...states: readonly string[]): number =>
    ofBrokers.filter(([, { state = '' }]) => states.includes(state)).length;
  return {
    // One that the client has had no need of so far is neither.
    brokersUp: inState('UP', 'UPDATE'),
    brokersDown: inState('DOWN'),
    roundTripSeconds: most(({ rtt }) => rtt?.p99) / MICROSECONDS,
    throttleSeconds: most(({ throttle }) => throttle?.max) / MILLISECONDS,
    waitingRequests: sum(({ outbuf_cnt: queued = 0, waitresp_cnt: sent = 0 }) => queued + sent),
    timedOutRequests: sum(({ req_timeouts: timedOut }) => timedOut),
    retriedRequests: sum(({ txretries: retried }) => retried),
    fetchedRecords: partitions.reduce((total, { fetchq_cnt: fetched = 0 }) => total + fetched, 0),
  };
}

const MICROSECONDS = 1_000_000;
const MILLISECONDS = 1_000;

interface BrokerStatistics {
  readonly nodeid?: number;
  readonly state?: string;
  readonly rtt?: { readonly p99?: number };
  readonly throttle?: { readonly max?: number };
  readonly outbuf_cnt?: number;
  readonly waitresp_cnt?: number;
  readonly req_timeouts?: number;
  readonly txretries?: number;
}

interface NativeStatistics {
  readonly brokers: Readonly<Record<string, BrokerStatistics>>;
  readonly topics?: Readonly<
    Record<string, { readonly partitions?: Readonly<Record<string, { readonly fetchq_cnt?: number }>> }>
  >;
}

function parsed(message: string): unknown {
  try {
    return JSON.parse(message);
  } catch {
    return null;
  }
}

function isStatistics(value: unknown): value is NativeStatistics {
  return isObject(value) && isObject(Reflect.get(value, 'brokers'));
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
