import kafka from '@confluentinc/kafka-javascript';
import { ConfigurationError } from '@weir/errors';
import type { Compression } from '@weir/topics';

/**
 * Throws ConfigurationError where librdkafka was built without a codec, as happens where its header was missing: connecting would fail
 * for ever, and look like brokers that are away. `features`: librdkafka's `builtin.features`.
 */
export function assertCodec(compression: Compression, features: readonly string[] = kafka.features): void {
  if (compression === 'none' || features.includes(compression)) return;
  throw new ConfigurationError([
    `KAFKA_COMPRESSION: ${compression} is not in this build of librdkafka, which has ${features.join(', ')}`,
  ]);
}
