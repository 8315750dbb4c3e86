import { describe, expect, it } from '@jest/globals';
import { StoreUnavailableError } from '@weir/errors';
import { setImmediate as nextTurn } from 'node:timers/promises';

import type { TopicPartition, TopicPartitionOffset } from '../../records.js';
import { Assignment } from './assignment.js';
import { StartOffsets } from './start-offsets.js';

const at = (partition: number): TopicPartition => ({ topic: 'numbers', partition });
const from = (partition: number, offset: number): TopicPartitionOffset => ({ ...at(partition), offset });
const partitions = [at(0), at(1), at(2), at(3)];
const away = (): Promise<never> => Promise.reject(new StoreUnavailableError('away'));
const nothing = (): void => undefined;
const silent = (): Promise<never> => new Promise(() => undefined);

interface Answers {
  readonly store: () => Promise<readonly TopicPartitionOffset[]>;
  readonly group: () => Promise<TopicPartitionOffset[]>;
  readonly fromBeginning?: boolean;
}

/** Where a client is sent, by what the store and the group answer. */
function starting({ store, group, fromBeginning = true }: Answers): {
  starts: StartOffsets;
  assignment: Assignment;
  sought: TopicPartitionOffset[];
} {
  const sought: TopicPartitionOffset[] = [];
  const assignment = new Assignment();
  const client = {
    committed: group,
    seek: (target: TopicPartitionOffset) => Promise.resolve(void sought.push(target)),
    watermarks: () => Promise.resolve({ low: 7, high: 70 }),
  };
  const loop = { between: async <T>(change: () => T | Promise<T>): Promise<T> => change() };
  const settings = { startOffsets: store, fromBeginning, backoff: { minMs: 1, maxMs: 2 }, notify: nothing };
  return { starts: new StartOffsets(settings, client, assignment, loop, nothing, nothing), assignment, sought };
}

const lines = (): Promise<readonly TopicPartitionOffset[]> => Promise.resolve([from(0, 40), from(1, 60)]);
const committed = (): Promise<TopicPartitionOffset[]> => Promise.resolve([from(0, 60), from(1, 40), from(2, 50)]);

describe('StartOffsets', () => {
  it('is the lower of what the store and the group say, the one that does say something, and else the beginning', async () => {
    const { starts } = starting({ store: lines, group: committed });
    expect(await starts.soon(partitions)).toEqual({
      at: [from(0, 40), from(1, 40), from(2, 50), { ...at(3), offset: 'beginning' }],
      final: true,
    });
  });

  it('is the end where neither says anything and reading does not begin at the beginning', async () => {
    const { starts } = starting({ store: lines, group: committed, fromBeginning: false });
    const { at: found } = await starts.soon(partitions);
    expect(found.at(-1)).toEqual({ ...at(3), offset: 'end' });
  });

  it.each([
    { why: 'is away', store: away },
    { why: 'does not answer', store: silent },
  ])(
    'is for now the group’s offset while the store $why, and never left for the client to ask for',
    async ({ store }) => {
      const { starts } = starting({ store, group: committed });
      expect(await starts.soon(partitions)).toEqual({
        at: [from(0, 60), from(1, 40), from(2, 50), from(3, 0)],
        final: false,
      });
    },
  );

  it('is left to the client while the group does not answer', async () => {
    const { starts } = starting({ store: lines, group: silent });
    expect(await starts.soon(partitions)).toEqual({ at: partitions, final: false });
  });

  it('keeps nobody waiting once it is closed', async () => {
    const { starts } = starting({ store: silent, group: silent });
    let answered = false;
    const asked = starts.soon(partitions).finally(() => (answered = true));
    starts.close();
    for (let turn = 0; turn < 5; turn += 1) await nextTurn();
    expect(answered).toBe(true); // each of the two is waited for 1.5 s otherwise
    expect(await asked).toEqual({ at: partitions, final: false });
  });

  it('is sought once the store answers, the beginning too', async () => {
    let tries = 0;
    const store = (): Promise<readonly TopicPartitionOffset[]> => ((tries += 1) < 3 ? away() : lines());
    const { starts, assignment, sought } = starting({ store, group: committed });
    const owners = assignment.add(partitions);
    for (const owner of owners) owner.resolving = true;
    await starts.resolve(owners);
    expect(sought).toEqual([from(0, 40), from(1, 40), from(2, 50), from(3, 7)]);
    expect(owners.map(({ resolving }) => resolving)).toEqual([false, false, false, false]);
  });
});
