import type { KafkaConnection } from '../../connection.js';
import { clientSettings } from '../client-settings.js';
import { STATISTICS_INTERVAL_MS } from '../statistics.js';
import type { NativeSettings } from './native-client.js';
import type { ConsumerSettings } from './options.js';

/** librdkafka's settings for a batch consumer, each with its reason where it is not the default. */
export function nativeSettings(connection: KafkaConnection, settings: ConsumerSettings): NativeSettings {
  return {
    ...clientSettings(connection),
    'group.id': settings.groupId,
    // Partitions that stay with their member go on being read during a rebalance (KIP-429).
    'partition.assignment.strategy': 'cooperative-sticky',
    // Offsets are committed by us, once their records are settled, and never by the clock.
    'enable.auto.commit': false,
    'enable.auto.offset.store': false,
    // Never `error`: its event is swallowed where records precede it, and the partition stops without a word.
    'auto.offset.reset': settings.fromBeginning ? 'earliest' : 'latest',
    'isolation.level': 'read_committed',
    'session.timeout.ms': settings.sessionTimeoutMs,
    // A member hears of a rebalance by its heartbeats, and a cooperative one has two rounds.
    'heartbeat.interval.ms': Math.min(1_000, Math.floor(settings.sessionTimeoutMs / 3)),
    'max.poll.interval.ms': settings.maxPollIntervalMs,
    'allow.auto.create.topics': false,
    // On a topic where nothing happens the end of a partition is the only sign that reading it is allowed again.
    'enable.partition.eof': true,
    'topic.metadata.refresh.interval.ms': settings.metadataRefreshMs,
    'fetch.min.bytes': settings.fetchMinBytes,
    'fetch.wait.max.ms': settings.fetchWaitMs,
    // The default of a second is a long time without fetching once the queue was full.
    'fetch.queue.backoff.ms': 50,
    'fetch.error.backoff.ms': 200,
    // Fetched ahead in native memory, for all partitions together; the answers under way come on top, with so much of each partition. More took memory
    // and time alike: docs/adr/0019.
    // An answer of every partition has to fit, as far as may be: where eight of twelve fill the queue, it is the same eight each time with a published binary,
    // whose order of asking is not fair (librdkafka issue 1854); docs/adr/0018.
    'queued.max.messages.kbytes': 2_048,
    'max.partition.fetch.bytes': 65_536,
    'statistics.interval.ms': STATISTICS_INTERVAL_MS,
  };
}
