import { Controller, Logger } from '@nestjs/common';
import type { RecordAnswer } from '@weir/avro';
import type { ConsumedRecord, RecordBatch, TopicPartition, TopicPartitionOffset } from '@weir/kafka';
import { AssignmentHandler, BatchHandler } from '@weir/nest-kafka';
import { dlqReplayCommands } from '@weir/topics';

import { CommandReader } from './command.js';
import { ReplayMetrics } from './replay-metrics.js';
import { Replayers } from './replayers.js';

/** Where Kafka meets the replayers: partitions to take over, and commands to run. */
@Controller()
export class CommandsHandler {
  private readonly logger = new Logger('Replays');

  constructor(
    private readonly commands: CommandReader,
    private readonly replayers: Replayers,
    private readonly metrics: ReplayMetrics,
  ) {}

  /** One command at a time: each is committed by itself, and a partition that is to be given up waits for one chunk at most. */
  @BatchHandler(dlqReplayCommands, {
    maxRecords: 1,
    // Sooner than usual: what a killed process left open holds up readers until its successor takes over.
    sessionTimeoutMs: 6_000,
    // A chunk of large records takes its time, piece by piece.
    stallTimeoutMs: 600_000,
  })
  async run({ records, signal }: RecordBatch): Promise<void> {
    for (const record of records) await this.runOne(record, signal);
  }

  /** Nothing is read before the predecessor is fenced; see `PartitionReplayer.takeOver`. */
  @AssignmentHandler(dlqReplayCommands)
  async takeOver(partitions: readonly TopicPartition[]): Promise<TopicPartitionOffset[]> {
    const starts = partitions.map(async (at) => ({
      topic: at.topic,
      partition: at.partition,
      offset: await this.replayers.of(at.partition).takeOver('assigned'),
    }));
    return Promise.all(starts);
  }

  private async runOne(record: ConsumedRecord, signal: AbortSignal): Promise<void> {
    const command = await this.commands.read(record);
    if ('unreadable' in command) {
      this.metrics.chunk('unreadable');
      this.logger.error(`Passed over ${record.topic}[${record.partition}]@${record.offset}: ${command.unreadable}`);
      return;
    }
    const { replay_id: replayId, chunk } = command.chunk;
    const answers = await this.replayers.of(record.partition).run(command, signal);
    this.metrics.chunk(answers.length > 0 ? 'answered' : 'repeated');
    this.logger.log(`Replay ${replayId}, chunk ${chunk}: ${inWords(answers)}`);
  }
}

function inWords(answers: readonly RecordAnswer[]): string {
  const counts = new Map<string, number>();
  for (const { outcome } of answers) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return counts.size === 0 ? 'answered before' : [...counts].map(([outcome, n]) => `${n} ${outcome}`).join(', ');
}
