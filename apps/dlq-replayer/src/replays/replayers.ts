import type { OnApplicationShutdown } from '@nestjs/common';

import type { PartitionReplayer } from './partition-replayer.js';

const CLOSE_TIMEOUT_MS = 5_000;

interface Closable {
  close(): Promise<void>;
}

/** One replayer for each commands partition that this process ever had, made when it is first needed. */
export class Replayers implements OnApplicationShutdown {
  private readonly made = new Map<number, PartitionReplayer>();

  /** `shared`: what all of them use, closed after them. */
  constructor(
    private readonly make: (partition: number) => PartitionReplayer,
    private readonly shared: readonly Closable[],
  ) {}

  of(partition: number): PartitionReplayer {
    let replayer = this.made.get(partition);
    if (replayer === undefined) {
      replayer = this.make(partition);
      this.made.set(partition, replayer);
    }
    return replayer;
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.made.values()].map((replayer) => replayer.close(CLOSE_TIMEOUT_MS)));
    await Promise.all(this.shared.map((each) => each.close()));
  }
}
