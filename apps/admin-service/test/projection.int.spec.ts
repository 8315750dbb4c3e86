import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConsumedRecord, TopicPartition, TopicPartitionOffset } from '@weir/kafka';
import { eventually } from '@weir/testing';

import { Database, type Session } from '../src/database/database.js';
import { Projection } from '../src/projections/projection.js';
import { type AdminSchema, adminSchema, SILENT } from './support/admin-schema.js';

const TOPIC = 'projected';
const PARTITION = { topic: TOPIC, partition: 0 };
const GOES_ON = new AbortController().signal;

const records = (from: number, to: number): ConsumedRecord[] =>
  Array.from({ length: to - from }, (_, index) => ({
    ...PARTITION,
    offset: from + index,
    timestampMs: 0,
    key: null,
    value: null,
    headers: [],
  }));

describe('Projection', () => {
  let schema: AdminSchema;
  let database: Database;
  let applied: number[];
  let sought: TopicPartitionOffset[];
  beforeAll(async () => {
    schema = await adminSchema('projection');
    database = new Database(schema.pool);
  });
  afterAll(() => schema.drop());
  beforeEach(() => {
    applied = [];
    sought = [];
  });

  const begun = async (
    on: Database,
    topicId: string,
    idle: readonly TopicPartition[] = [],
    begin: (some: readonly ConsumedRecord[]) => void = () => undefined,
  ): Promise<Projection> => {
    const projection = new Projection({
      topic: TOPIC,
      database: on,
      admin: { describeTopics: () => Promise.resolve([{ name: TOPIC, topicId, internal: false, partitions: [] }]) },
      projected: {
        begin,
        apply: (_, fresh) => Promise.resolve(void applied.push(...fresh.map(({ offset }) => offset))),
        clear: () => Promise.resolve(),
      },
      consumer: () => ({ idle, seek: (targets) => Promise.resolve(void sought.push(...targets)) }),
      logger: SILENT,
    });
    expect(await projection.starts([PARTITION])).toEqual([{ ...PARTITION, offset: 0 }]);
    return projection;
  };

  it('takes each record once, also of a batch that comes again', async () => {
    const projection = await begun(database, 'once');
    await projection.take({ records: records(0, 3), signal: GOES_ON });
    await projection.take({ records: records(1, 5), signal: GOES_ON });
    expect(applied).toEqual([0, 1, 2, 3, 4]);
    expect(await projection.reached()).toEqual(new Map([[0, 5]]));
  });

  it('tells of records when they are fetched, whether they are taken then or not', async () => {
    const told: number[] = [];
    const projection = await begun(
      database,
      'told of',
      [],
      (some) => void told.push(...some.map(({ offset }) => offset)),
    );
    projection.fetched(records(0, 4));
    await projection.take({ records: records(0, 2), signal: GOES_ON });
    expect([told, applied]).toEqual([
      [0, 1, 2, 3],
      [0, 1],
    ]);
  });

  it('does not take a batch that moves on while it looks for one that was sent back', async () => {
    let go: (() => void) | undefined;
    const slow: Session & Pick<Database, 'transaction'> = {
      transaction: (work, options) => database.transaction(work, options),
      query: async <Row extends object>(text: string, values?: readonly unknown[]) => {
        const rows = await database.query<Row>(text, values);
        await new Promise<void>((resolve) => (go = resolve)); // the answer is a while on its way
        return rows;
      },
    };
    const projection = await begun(slow as Database, 'looked at', [PARTITION]);
    await projection.take({ records: records(0, 3), signal: GOES_ON });
    projection.start();
    await eventually(() => go !== undefined);
    await projection.take({ records: records(3, 5), signal: GOES_ON });
    go?.();
    await projection.stop();
    await projection.take({ records: records(5, 6), signal: GOES_ON });
    expect(sought).toEqual([]);
    expect(applied).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('goes back where it was sent back, and takes nothing of a batch from before', async () => {
    const projection = await begun(database, 'sent back', [PARTITION]);
    await projection.take({ records: records(0, 3), signal: GOES_ON });
    await database.transaction((transaction) => projection.rebuild(transaction));
    projection.start();
    await eventually(() => sought.length > 0);
    await projection.stop();
    expect(sought).toEqual([{ ...PARTITION, offset: 0 }]);
    const before = projection.take({ records: records(3, 5), signal: AbortSignal.abort() });
    await expect(before).rejects.toMatchObject({ code: 'projection_moved' });
    await projection.take({ records: records(0, 5), signal: GOES_ON });
    expect(applied).toEqual([0, 1, 2, 0, 1, 2, 3, 4]);
  });
});
