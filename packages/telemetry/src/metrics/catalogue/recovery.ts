import { counter, gauge, histogram } from '../definition.js';
import { LATENCY_SECONDS } from './buckets.js';

/** Dead letters, replays and the outbox. */
export const recoveryMetrics = {
  weir_replay_chunks_total: counter({
    labels: ['outcome'],
    startsWith: [{ outcome: 'answered' }, { outcome: 'repeated' }, { outcome: 'unreadable' }],
    help: 'Chunks of replays read: answered, repeated (answered before) or unreadable (passed over).',
  }),
  weir_replay_records_total: counter({
    labels: ['outcome'],
    startsWith: ['published', 'expired', 'mismatch', 'capped', 'refused'].map((outcome) => ({ outcome })),
    help: 'Records of replays answered, by outcome: published, expired, mismatch, capped or refused.',
  }),
  weir_replay_transactions_total: counter({
    labels: ['result'],
    startsWith: ['committed', 'aborted', 'fenced', 'unresolved'].map((result) => ({ result })),
    help: 'Transactions of replays, by result: committed, aborted, fenced, or unresolved until the partition is taken over again.',
  }),
  weir_replay_transaction_duration_seconds: histogram({
    unit: 'seconds',
    buckets: LATENCY_SECONDS,
    help: 'Time that a committed transaction of a replay was open, which readers of its topics waited.',
  }),
  weir_replay_takeovers_total: counter({
    labels: ['reason'],
    startsWith: [{ reason: 'assigned' }, { reason: 'doubt' }],
    help: 'How often a commands partition was taken over: assigned by the group, in doubt (fenced, or a commit without an answer), or for memory.',
  }),
  weir_outbox_messages: gauge({
    unit: 'messages',
    help: 'Messages of committed transactions that Kafka does not have yet.',
  }),
  weir_outbox_oldest_message_seconds: gauge({
    unit: 'seconds',
    help: 'Age of the oldest of those messages; 0 where there is none.',
  }),
  weir_outbox_publishing: gauge({
    help: 'Is 1 while the relay of this process publishes the outbox, which one at a time does, else 0.',
  }),
  weir_outbox_published_messages_total: counter({
    labels: ['topic'],
    help: 'Messages of the outbox that Kafka has, by topic.',
  }),
  weir_outbox_failures_total: counter({
    labels: ['code'],
    help: 'Times that the relay of the outbox had to begin anew, by stable error code.',
  }),
  weir_dead_letters: gauge({
    labels: ['state', 'reason'],
    unit: 'letters',
    help: 'Dead letters in the index, by state and reason.',
  }),
  weir_dead_letters_oldest_open_seconds: gauge({
    unit: 'seconds',
    help: 'Age of the oldest dead letter that waits for a decision (open, failed_again or parked); 0 where there is none.',
  }),
  weir_replays: gauge({
    labels: ['state'],
    unit: 'replays',
    help: 'Replays that are not over, by state: running, paused or cancelling.',
  }),
  weir_replay_remaining_records: gauge({
    unit: 'records',
    help: 'Records of replays that are not over whose outcome is not known yet.',
  }),
  weir_replay_idle_seconds: gauge({
    unit: 'seconds',
    help: 'Longest time for which a running replay has not moved; 0 where none runs.',
  }),
};
