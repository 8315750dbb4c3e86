import { type Section } from '../../board.js';
import { timeSeries } from '../../panels/timeseries.js';
import { max, quantile, rate, series, sum } from '../../promql.js';

export const replays: Section = {
  title: 'Replays',
  panels: [
    timeSeries({
      title: 'What became of replayed records',
      description:
        'applied: stored at last. repeated: a newer value was there. failed_again: the cause is not mended; a canary stops the replay by itself.',
      unit: 'perSecond',
      width: 8,
      queries: [{ expression: sum(rate('weir_replay_outcomes_total'), ['outcome']), legend: '{{outcome}}' }],
      runbook: 'dead-letters',
    }),
    timeSeries({
      title: 'What the replayer did with records',
      description:
        'published; expired: retention has deleted it; mismatch: it is not what the plan saw; capped: replayed too often; refused: its chunk came too late, or its topic is none of ours.',
      unit: 'perSecond',
      width: 8,
      queries: [{ expression: sum(rate('weir_replay_records_total'), ['outcome']), legend: '{{outcome}}' }],
      runbook: 'dead-letters',
    }),
    timeSeries({
      title: 'Without an outcome',
      description: 'Records of replays under way, and for how long the slowest has got no answer.',
      unit: 'count',
      width: 8,
      queries: [
        { expression: max(series('weir_replay_remaining_records')), legend: 'records' },
        { expression: max(series('weir_replay_idle_seconds')), legend: 'no answer for', unit: 'seconds' },
      ],
      runbook: 'weir-replay-stalled',
    }),
    timeSeries({
      title: 'Chunks',
      description: 'answered; repeated: had been answered before; unreadable: passed over. Usual: answered alone.',
      unit: 'perSecond',
      width: 6,
      queries: [{ expression: sum(rate('weir_replay_chunks_total'), ['outcome']), legend: '{{outcome}}' }],
      runbook: 'weir-replay-stalled',
    }),
    timeSeries({
      title: 'Transactions',
      description:
        'committed, aborted, fenced (another instance took over) or unresolved. Usual: committed alone, fenced with a deploy.',
      unit: 'perSecond',
      width: 6,
      queries: [{ expression: sum(rate('weir_replay_transactions_total'), ['result']), legend: '{{result}}' }],
      runbook: 'weir-replay-stalled',
    }),
    timeSeries({
      title: 'Time of a transaction',
      description:
        'While it is open, whoever reads its topics waits. Usual: p99 below 0.5 s; ten seconds are the most that there may be.',
      unit: 'seconds',
      width: 6,
      limits: { warning: 2.5 },
      queries: [
        { expression: quantile(0.5, 'weir_replay_transaction_duration_seconds'), legend: 'p50' },
        { expression: quantile(0.99, 'weir_replay_transaction_duration_seconds'), legend: 'p99' },
      ],
      nothing: 'no replay in this time',
      runbook: 'weir-replay-stalled',
    }),
    timeSeries({
      title: 'Partitions taken over',
      description: 'assigned by the group, in doubt, or for memory. Usual: with a deploy alone.',
      unit: 'perSecond',
      width: 6,
      queries: [{ expression: sum(rate('weir_replay_takeovers_total'), ['reason']), legend: '{{reason}}' }],
      runbook: 'weir-replay-stalled',
    }),
  ],
};
