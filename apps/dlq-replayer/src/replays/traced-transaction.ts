import { replaysOf } from '@weir/kafka';
import { recordedTraceOf } from '@weir/nest-kafka';
import type { Span, TraceContext, Traces } from '@weir/telemetry';

import type { ChunkTransaction } from './chunk-transaction.js';
import type { Piece } from './piece.js';

type Commit = ChunkTransaction['commit'];

/** Of one transaction: as many as a span has links. */
const MAX_RECORDS = 128;

/** A record that goes back, with the trace that it was first sent in. */
interface TracedRecord {
  readonly topic: string;
  readonly context: TraceContext;
  readonly count: number;
}

/**
 * A span for each transaction, linked to the traces of its records; and in each of these traces one that says that the record went back, and
 * by which replay. The records themselves go back with the headers that they had.
 */
export class TracedTransaction implements Pick<ChunkTransaction, 'commit'> {
  constructor(
    private readonly traces: Traces,
    private readonly transaction: Pick<ChunkTransaction, 'commit'>,
  ) {}

  commit(...[piece, chunk, offset, signal]: Parameters<Commit>): ReturnType<Commit> {
    const records = tracedRecords(piece);
    const startMs = Date.now();
    const options = {
      kind: 'producer',
      links: records.map(({ context }) => context),
      attributes: {
        'messaging.system': 'kafka',
        'messaging.operation.name': 'replay',
        'messaging.operation.type': 'send',
        'messaging.batch.message_count': piece.verdicts.filter(({ outcome }) => outcome === 'published').length,
        'weir.replay.id': chunk.replay_id,
        'weir.replay.chunk': chunk.chunk,
      },
    } as const;
    return this.traces.around('replay chunk', options, async (span) => {
      const answers = await this.transaction.commit(piece, chunk, offset, signal);
      this.tell(records, chunk.replay_id, span, startMs);
      return answers;
    });
  }

  /** Once it is committed, and no sooner: of what was aborted nothing went back. */
  private tell(records: readonly TracedRecord[], replayId: string, { context }: Span, startMs: number): void {
    for (const { topic, context: parent, count } of records)
      this.traces
        .start('replay sample', {
          kind: 'producer',
          parent,
          links: [context],
          startMs,
          attributes: {
            'messaging.system': 'kafka',
            'messaging.operation.name': 'replay',
            'messaging.operation.type': 'send',
            'messaging.destination.name': topic,
            'weir.replay.id': replayId,
            'weir.replay.count': count,
          },
        })
        .end();
  }
}

function tracedRecords({ verdicts }: Piece): readonly TracedRecord[] {
  const records: TracedRecord[] = [];
  for (const verdict of verdicts) {
    if (records.length === MAX_RECORDS) break;
    if (verdict.outcome !== 'published') continue;
    const { topic, headers = [] } = verdict.record;
    const context = recordedTraceOf({ headers });
    if (context !== null) records.push({ topic, context, count: replaysOf(headers) });
  }
  return records;
}
