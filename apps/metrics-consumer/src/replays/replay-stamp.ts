import {
  type ConsumedRecord,
  headerText,
  identityText,
  ORIGIN_HEADER,
  parseIdentity,
  REPLAY_ID_HEADER,
  replaysOf,
} from '@weir/kafka';

/** By which replay a record came back, and from which dead letter. */
export interface ReplayStamp {
  readonly replayId: string;
  /** `<topic id>/<partition>/<offset>/<group>` of the record that was first. */
  readonly identity: string;
  /** How often it was replayed, this time included. */
  readonly count: number;
}

/** Wider than any id of a replay; anybody who may write to the topic writes headers. */
const MAX_REPLAY_ID_LENGTH = 128;

/**
 * Null for a live record, for one that was replayed for another group, and for one that does not say what it repeats: nobody waits to hear
 * of these.
 */
export function replayStampOf({ headers }: Pick<ConsumedRecord, 'headers'>, group: string): ReplayStamp | null {
  const replayId = headerText(headers, REPLAY_ID_HEADER);
  if (replayId === null || replayId === '' || replayId.length > MAX_REPLAY_ID_LENGTH) return null;
  const identity = parseIdentity(headerText(headers, ORIGIN_HEADER));
  const count = replaysOf(headers);
  if (identity === null || identity.group !== group || count === 0) return null;
  return { replayId, identity: identityText(identity), count };
}
