import { type AvroDecoder, MAX_CHUNK_RECORDS, type ReplayChunk } from '@weir/avro';
import { RecordDecodeError } from '@weir/errors';
import { type ConsumedRecord, parseIdentity } from '@weir/kafka';

/** A chunk, and where its command stands in the log. */
export interface Command {
  readonly partition: number;
  readonly offset: number;
  readonly chunk: ReplayChunk;
}

/** Why a record of the commands topic is no command that can be run. */
export interface UnreadableCommand {
  readonly unreadable: string;
}

/** Reads commands. Rejects only where the schema registry is needed and away. */
export class CommandReader {
  constructor(private readonly decoder: Pick<AvroDecoder<ReplayChunk>, 'prepare' | 'decode'>) {}

  async read({ partition, offset, value }: ConsumedRecord): Promise<Command | UnreadableCommand> {
    if (value === null) return { unreadable: 'the record has no value' };
    await this.decoder.prepare([value]);
    const chunk = this.decoder.decode(value);
    if (chunk instanceof RecordDecodeError) return { unreadable: chunk.message };
    const fault = faultOf(chunk);
    return fault === null ? { partition, offset, chunk } : { unreadable: fault };
  }
}

const SHA256 = /^[0-9a-f]{64}$/;

/** What makes a chunk impossible to run and to answer; null where it is as it should be. */
function faultOf({ replay_id: replayId, chunk, records }: ReplayChunk): string | null {
  if (replayId === '') return 'the replay has no id';
  if (chunk < 0) return 'the number of the chunk is negative';
  if (records.length === 0) return 'the chunk is empty';
  if (records.length > MAX_CHUNK_RECORDS) return `the chunk has more than ${MAX_CHUNK_RECORDS} records`;
  const bad = records.findIndex(
    (record) =>
      record.dlq_partition < 0 ||
      record.dlq_offset < 0 ||
      record.replay_count < 1 ||
      !SHA256.test(record.value_sha256) ||
      parseIdentity(record.identity) === null,
  );
  return bad === -1 ? null : `record ${bad} of the chunk is not as a record of a chunk has to be`;
}
