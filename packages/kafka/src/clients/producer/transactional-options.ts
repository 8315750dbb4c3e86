import type { ProducerOptions } from './options.js';

/**
 * Where a transactional producer stands.
 *
 * `uninitialised`, `failed`: only `init`. `ready`: only `begin`. `open`: sends, offsets, and one end. `must_abort`: only `abort`.
 * `commit_unresolved`, `abort_unresolved`: the same end again, or `init`, which settles it too. `closed`: nothing.
 */
export type TransactionState =
  'uninitialised' | 'ready' | 'open' | 'must_abort' | 'commit_unresolved' | 'abort_unresolved' | 'failed' | 'closed';

export interface TransactionalProducerOptions
  extends
    Pick<ProducerOptions, 'name' | 'compression' | 'batchBytes' | 'maxMessageBytes' | 'settings'>,
    Partial<Pick<ProducerOptions, 'lingerMs'>> {
  /**
   * Who writes, whatever process that is: `<group>-<partition>`. Whoever initialises with it fences all that did before,
   * so one that was believed dead writes nothing any more.
   */
  readonly transactionalId: string;
  /**
   * A transaction that is left open holds every read_committed reader of its partitions (KIP-98, last stable offset) until the
   * brokers abort it, after this long; 10 s unless given. Also the longest that a record may take.
   */
  readonly transactionTimeoutMs?: number;
  /** How long `init`, `sendOffsets`, `commit` and `abort` wait for brokers that are away; 10 s unless given. */
  readonly requestTimeoutMs?: number;
  readonly observer?: Pick<NonNullable<ProducerOptions['observer']>, 'delivered' | 'failed' | 'logged' | 'statistics'>;
}
