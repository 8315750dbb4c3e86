import type { RecordHeader } from '../records.js';
import { headerText } from './envelope.js';

/** Header of a replayed record: by which replay. */
export const REPLAY_ID_HEADER = 'weir-replay-id';
/** Header of a replayed record: how often it was replayed, this time included, in decimal. */
export const REPLAY_COUNT_HEADER = 'weir-replay-count';
/** Header of a replayed record: the append time of the one that was first, epoch milliseconds in decimal. */
export const ORIGIN_TIMESTAMP_HEADER = 'weir-origin-timestamp';

/** How often a record was replayed; 0 for one that never was, or does not say so in decimal. */
export function replaysOf(headers: readonly RecordHeader[]): number {
  const count = headerText(headers, REPLAY_COUNT_HEADER);
  return count !== null && /^\d{1,9}$/.test(count) ? Number(count) : 0;
}
