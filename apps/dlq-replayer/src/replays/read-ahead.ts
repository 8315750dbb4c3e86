import type { ConsumedRecord } from '@weir/kafka';

const MAX_RECORDS = 2_000;
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Letters of one partition that were read past those that were asked for, since the next chunk asks for them: brokers hand out whole batches, and
 * each would be fetched anew for every few of its records.
 *
 * At most 2,000 and 4 MiB of them. A letter is handed out once; whoever needs it again reads it again.
 */
export class ReadAhead {
  private readonly letters = new Map<number, ConsumedRecord>();
  private bytes = 0;
  /** Of the largest that was read last; nothing is read ahead before one is known. */
  private largest = MAX_BYTES + 1;
  private skipped = false;

  /** How many offsets past those that are wanted are worth reading. */
  get offsets(): number {
    return Math.min(MAX_RECORDS, Math.floor(MAX_BYTES / this.largest));
  }

  /** Whether letters are larger than was to be expected, and no more of them can be kept. */
  get full(): boolean {
    return this.skipped;
  }

  take(offset: number): ConsumedRecord | undefined {
    const letter = this.letters.get(offset);
    if (letter !== undefined) this.letters.delete(offset);
    return letter;
  }

  /** Of what comes now there was nothing here. */
  clear(): void {
    this.letters.clear();
    this.bytes = 0;
    this.largest = 1;
    this.skipped = false;
  }

  /** Learns of every letter that was read; keeps those that nobody has asked for yet. */
  saw(letter: ConsumedRecord, keep: boolean): void {
    const bytes = bytesOf(letter);
    this.largest = Math.max(this.largest, bytes);
    if (!keep) return;
    this.skipped ||= this.bytes + bytes > MAX_BYTES;
    if (this.skipped) return;
    this.letters.set(letter.offset, letter);
    this.bytes += bytes;
  }
}

const bytesOf = ({ key, value, headers }: ConsumedRecord): number =>
  (key?.length ?? 0) +
  (value?.length ?? 0) +
  headers.reduce((sum, header) => sum + header.key.length + (header.value?.length ?? 0), 0);
