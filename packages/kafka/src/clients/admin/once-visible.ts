import { KafkaAdminError } from '@weir/errors';
import { setTimeout as wait } from 'node:timers/promises';

/** How long brokers may differ over a topic that was just made or deleted. */
export const VISIBLE_WITHIN_MS = 10_000;
const PAUSE_MS = 50;

/** Does the work again while a broker does not know a topic (`topic_missing`) that another one has just told of. */
export async function onceVisible<T>(work: () => Promise<T>): Promise<T> {
  for (const deadline = Date.now() + VISIBLE_WITHIN_MS; ;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof KafkaAdminError) || error.code !== 'topic_missing' || Date.now() > deadline) throw error;
    }
    await wait(PAUSE_MS);
  }
}
