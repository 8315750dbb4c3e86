import { KafkaConsumerError } from '@weir/errors';

import type { KafkaConnection } from '../../connection.js';
import type { TopicPartition, TopicPartitionOffset } from '../../records.js';
import type { Refusal } from '../refusal.js';
import type { AssignedPartition } from './assigned-partition.js';
import { Assignment } from './assignment.js';
import { clientCode, clientCodes, consumerError, isFatal, isForbidden } from './client-errors.js';
import { Delivery } from './delivery.js';
import { FetchLoop } from './fetch-loop.js';
import { NativeClient } from './native-client.js';
import { OffsetCommitter } from './offset-committer.js';
import type { ConsumerSettings } from './options.js';
import type { Pauses } from './pauses.js';
import { ProgressMonitor } from './progress-monitor.js';
import { Rebalances } from './rebalances.js';
import { RecordBuffer } from './record-buffer.js';
import { nativeSettings } from './settings.js';
import { StartOffsets } from './start-offsets.js';
import type { StateBoard } from './state-board.js';

/**
 * The life of one native client: from connecting until it is closed, or until an error that the client does not survive.
 *
 * The parts: the loop fetches into the buffer, the delivery takes batches out of it through the handler, the committer commits what is settled,
 * and rebalances, start offsets and the monitor work beside them. Only the loop touches the client's positions.
 */
export class ConsumerSession {
  readonly client: NativeClient;
  readonly assignment = new Assignment();
  readonly loop: FetchLoop;
  private readonly buffer = new RecordBuffer();
  private readonly committer: OffsetCommitter;
  private readonly delivery: Delivery;
  private readonly rebalances: Rebalances;
  private readonly starts: StartOffsets;
  private readonly monitor: ProgressMonitor;
  private fatal: KafkaConsumerError | null = null;
  private forbidden = false;

  /** Throws where the client refuses its settings. */
  constructor(
    connection: KafkaConnection,
    private readonly settings: ConsumerSettings,
    private readonly pauses: Pauses,
    private readonly board: StateBoard,
  ) {
    const { assignment, buffer } = this;
    const refresh = (): void => {
      this.refresh();
    };
    const readable = (owner: AssignedPartition): boolean => !owner.resolving && !pauses.has(owner);
    this.client = new NativeClient(nativeSettings(connection, settings), {
      rebalance: (kind, partitions) => {
        this.rebalanced(kind, partitions);
      },
      error: (error) => {
        this.failed(error);
      },
      refused: (refusal) => {
        this.refused(refusal);
      },
      readable: () => {
        this.loop.wake.call();
      },
      statistics: (statistics) => {
        settings.notify('statistics', statistics);
      },
      endOfPartition: () => {
        this.allowed();
      },
    });
    this.committer = new OffsetCommitter(this.client, assignment, settings.notify, {
      acknowledged: () => {
        board.report({ kafkaReachable: true });
        this.allowed();
      },
      forbidden: () => {
        this.forbid();
      },
    });
    this.delivery = new Delivery(settings, assignment, this.committer, (owner) => pauses.has(owner), refresh);
    this.loop = new FetchLoop(this.client, assignment, buffer, settings.maxRecords, {
      readable,
      fetched: (records) => {
        settings.notify('fetched', records);
      },
      polled: (received) => {
        this.polled(received);
      },
      failed: (error) => {
        this.failed(error);
      },
    });
    this.starts = new StartOffsets(settings, this.client, assignment, this.loop, refresh, () => {
      this.giveUp(new KafkaConsumerError('The client does not begin to read partitions that it was given'));
    });
    this.rebalances = new Rebalances(
      settings,
      this.client,
      this.loop,
      assignment,
      buffer,
      this.delivery,
      this.committer,
      this.starts,
      refresh,
    );
    this.monitor = new ProgressMonitor(settings, this.client, assignment, {
      waits: (owner) => this.forbidden || !readable(owner) || owner.revoking || this.delivery.waitingFor !== null,
      handlerRunningSince: () => this.delivery.runningSince,
      oldest: (owner) => this.delivery.oldest(owner) ?? buffer.oldest(owner),
      reachable: (kafkaReachable) => {
        board.report({ kafkaReachable });
      },
      stalled: (stalled) => {
        board.report({ stalled });
      },
    });
  }

  /** Connects, joins the group and works. Resolves after `close`; rejects with the error that the client does not survive. */
  async run(connectTimeoutMs: number): Promise<void> {
    await this.client.connect(connectTimeoutMs);
    if (this.loop.ended) return;
    this.board.report({ kafkaReachable: true, failed: null });
    this.client.subscribe(this.settings.topics);
    const watching = this.monitor.run();
    await this.loop.run();
    this.monitor.end();
    await watching;
    if (this.fatal !== null) throw this.fatal;
  }

  /**
   * Takes nothing more, waits for the handler within `timeoutMs`, commits what is settled and leaves the group.
   *
   * Past the time the handler's signal fires and what it was at is left to the successor.
   */
  async close(timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    await this.loop.urgently(async () => {
      await this.delivery.stop(timeoutMs);
      await this.committer.drain(Math.max(500, deadline - Date.now()));
    });
    await this.discard();
  }

  /** Frees the client without waiting for the handler; nothing that it does is committed after this. */
  async discard(): Promise<void> {
    this.starts.close();
    this.loop.end();
    this.monitor.end();
    this.delivery.abandon([...this.assignment]);
    this.committer.close();
    await this.client.close();
    this.assignment.remove([...this.assignment]);
    this.allowed();
    this.board.report({ assigned: 0, joined: false, batchWaits: null, startsWait: null, stalled: false });
  }

  /** Resolves once the handler is at rest. */
  async atRest(): Promise<void> {
    await this.delivery.stop(0);
    await this.delivery.finished();
  }

  /** Offset of the next record to be settled; partitions of which none was settled yet are left out. */
  positions(): TopicPartitionOffset[] {
    return [...this.assignment].flatMap(({ topic, partition, next }) =>
      next < 0 ? [] : [{ topic, partition, offset: next }],
    );
  }

  idle(): TopicPartition[] {
    return [...this.assignment]
      .filter(
        (owner) => !owner.resolving && !owner.revoking && !this.buffer.holds(owner) && !this.delivery.touches(owner),
      )
      .map((owner) => owner.toJSON());
  }

  /** Goes on reading at these offsets. What was fetched or is being handled of the partitions is not committed any more. */
  async seek(targets: readonly TopicPartitionOffset[]): Promise<void> {
    await this.loop.between(async () => {
      for (const target of targets) {
        const before = this.assignment.get(target.topic, target.partition);
        if (before !== undefined && !before.revoking) await this.beginStretch(before, target);
      }
    });
    this.refresh();
  }

  /** As `seek`, forward only, and what lies below these offsets is committed as settled. */
  async advance(targets: readonly TopicPartitionOffset[]): Promise<void> {
    await this.loop.between(async () => {
      for (const target of targets) {
        const before = this.assignment.get(target.topic, target.partition);
        if (before === undefined || before.revoking || before.next >= target.offset) continue;
        this.committer.settle(await this.beginStretch(before, target), target.offset);
      }
    });
    this.refresh();
  }

  /** To be called while no consume call is under way. */
  private async beginStretch(before: AssignedPartition, target: TopicPartitionOffset): Promise<AssignedPartition> {
    await this.client.seek(target);
    this.buffer.drop([before]);
    const after = this.assignment.renew(before);
    Object.assign(after, { pausedInClient: before.pausedInClient, resolving: false });
    this.delivery.abandon([before]);
    return after;
  }

  /** To be called when the application's pauses changed. */
  pausesChanged(): void {
    this.delivery.retryNow();
    this.refresh();
  }

  private rebalanced(kind: 'assign' | 'revoke' | 'lost', partitions: readonly TopicPartition[]): void {
    this.board.report({
      joined: kind !== 'lost',
      kafkaReachable: true,
      ...(kind === 'assign' && partitions.length > 0 && { topicMissing: false }),
    });
    this.rebalances.handle(kind, partitions);
    if (kind === 'assign' && this.assignment.size === 0) this.allowed();
  }

  private polled(received: number): void {
    if (received > 0) this.allowed();
    this.deliver();
    if (received === 0 && !this.delivery.busy && !this.delivery.stopping) this.settleGaps();
  }

  /**
   * A partition of which nothing is left to handle is settled up to the client's position, which counts the control records of transactions
   * too: without this each would leave a lag of one for ever. Not while stopping: what is in the buffer, or was in a batch that is given
   * up, lies below that position and was not handled.
   */
  private settleGaps(): void {
    for (const owner of this.assignment) {
      if (owner.resolving || owner.revoking || this.buffer.holds(owner)) continue;
      const position = this.client.position(owner);
      if (position !== null) this.committer.settle(owner, position);
    }
  }

  private deliver(): void {
    if (this.delivery.busy || this.delivery.stopping || this.buffer.size === 0) return;
    this.delivery.begin(this.buffer.take((owner) => !owner.revoking && !this.pauses.has(owner)));
  }

  private refresh(): void {
    this.deliver();
    this.board.report({
      assigned: this.assignment.size,
      batchWaits: this.delivery.waitingFor?.code ?? null,
      startsWait: this.starts.waitingFor?.code ?? null,
      paused: this.pauses.all,
    });
    this.loop.wake.call();
  }

  private failed(error: unknown): void {
    const code = clientCode(error);
    this.settings.notify('failed', consumerError(error), '');
    if (isFatal(error)) {
      this.board.report({ failed: 'kafka_consumer_fatal' });
      this.giveUp(consumerError(error));
    } else if (code === clientCodes.unknownTopicOrPartition || code === clientCodes.unknownTopic) {
      this.board.report({ topicMissing: this.assignment.size === 0 });
    } else if (isForbidden(error)) {
      this.forbid();
    } else if (code === clientCodes.allBrokersDown) {
      this.monitor.look();
    }
  }

  /** Ends the session; another client goes on. */
  private giveUp(error: KafkaConsumerError): void {
    this.fatal = error;
    this.loop.end();
  }

  /** Connections that stand may go on; the monitor finds out whether any does. */
  private refused({ code, why }: Refusal): void {
    this.settings.notify('failed', new KafkaConsumerError(why, { code }), '');
    this.board.report({ refused: code });
    this.monitor.look();
  }

  /** The client tells of it once and goes on trying: until records, the end of a partition or an acknowledged commit show that it may. */
  private forbid(): void {
    this.forbidden = true;
    this.board.report({ forbidden: true });
  }

  private allowed(): void {
    if (!this.forbidden) return;
    this.forbidden = false;
    this.board.report({ forbidden: false });
  }
}
