import type { LibrdKafkaError } from '@confluentinc/kafka-javascript';

/**
 * One call of librdkafka's callback API as a promise. Rejects with the LibrdKafkaError as it is; whoever calls puts it into
 * Weir's terms.
 */
export function nativeCall<T>(
  start: (done: (error: LibrdKafkaError | null | undefined, value: T) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => {
      if (error === null || error === undefined) resolve(value);
      else reject(error);
    });
  });
}
