import type { Contender, Extent, Stage } from '../stage.js';
import { BenchSystem, type BenchSystemOptions } from '../system.js';
import { draining } from './drain.js';
import { ingestAlone, postedToSeveral } from './ingest.js';
import { storing } from './stored.js';

/** From the smallest size of an axis to the largest. */
const WANTED = 1.3;
/** Shorter runs of several systems in turn tell more of what others do on the machine than of theirs. */
const LEAST_SECONDS = 4;
const CONNECTIONS = 64;
const MANY_CONNECTIONS = 256;
const BATCH = 100;
const LABELS = 4;

/** One of each size, and what has to be stopped after. */
interface Sizes {
  readonly contenders: readonly Contender[];
  readonly systems: readonly BenchSystem[];
}

function growing(axis: string, about: string, unit: string, open: (extent: Extent) => Promise<Sizes>): Stage {
  return {
    name: `grow-${axis}`,
    unit,
    about,
    target: null,
    peerTarget: null,
    wantedGrowth: WANTED,
    onRequest: true,
    async open(extent, shared) {
      await shared.stop(); // it would take processor time
      const { contenders, systems } = await open({ ...extent, seconds: Math.max(LEAST_SECONDS, extent.seconds) });
      return {
        contenders,
        close: async () => {
          for (const system of systems) await system.stop();
        },
      };
    },
  };
}

const STORED = 'from the first request until the last sample is stored';

export const growingTenants = growing(
  'tenants',
  `10,000 series are those of one tenant or of 10,000, all of whom send in turn, 10 metrics in each request, ${STORED}.`,
  'metrics',
  ({ seconds }) =>
    systemsOf([{ tenantCount: 1 }, { tenantCount: 10_000 }], (weir, { tenantCount }) => {
      const series = { count: 10_000 / tenantCount };
      return storing(weir, { connections: CONNECTIONS, batch: 10, seconds, series }, numbered(tenantCount, 'tenant'));
    }),
);

export const growingPartitions = growing(
  'partitions',
  `POST of ${BATCH} metrics by ${CONNECTIONS} connections, with so many partitions of metrics.raw, ${STORED}.`,
  'metrics',
  ({ seconds }) =>
    systemsOf([{ partitions: 1 }, { partitions: 12 }, { partitions: 48 }], (weir, { partitions }) =>
      storing(weir, { connections: CONNECTIONS, batch: BATCH, seconds }, numbered(partitions, 'partition')),
    ),
);

export const growingLabels = growing(
  'labels',
  `POST of ${BATCH} metrics by ${CONNECTIONS} connections, each with so many labels, ${STORED}.`,
  'metrics',
  ({ seconds }) =>
    inOneSystem([1, LABELS, 20], (weir, labels) =>
      storing(weir, { connections: CONNECTIONS, batch: BATCH, seconds, series: { labels } }, numbered(labels, 'label')),
    ),
);

export const growingBatches = growing(
  'batch',
  `POST of so many metrics in each request by ${CONNECTIONS} connections, ${STORED}.`,
  'metrics',
  ({ seconds }) =>
    inOneSystem([1, 10, 100, 1_000], (weir, batch) =>
      storing(weir, { connections: CONNECTIONS, batch, seconds }, `${numbered(batch, 'metric')} a request`),
    ),
);

const MANY = 1_000_000;
/** Sizes with series of their own; those of the last are others in each record. */
const SETS = [
  { name: '1,000 series', first: 0, count: 1_000 },
  { name: '1,000,000 series', first: MANY, count: MANY },
  { name: 'new series', first: 2 * MANY, count: null },
];

export const growingSeries = growing(
  'series',
  'Records that wait in metrics.raw are drained: of a thousand series, of a million that are stored already, and each of one that nobody has seen.',
  'records',
  ({ records }) =>
    inOneSystem(SETS, async (weir, { name, first, count }) => {
      if (count === null) return draining(weir, records, name, (filled) => ({ first: first + filled, count: records }));
      await weir.write({ count, startMs: Date.now(), series: { first, count } });
      await weir.allStored();
      return draining(weir, records, name, () => ({ first, count }));
    }),
);

export const growingConsumers = growing(
  'consumers',
  'Records that wait in metrics.raw are drained by so many processes of metrics-consumer; what counts is the rate. Half as many are drained before, since processes that were just started are slow.',
  'records',
  ({ records }) =>
    inOneSystem([1, 2, 3], (weir, count) => {
      const [before, measured] = [draining(weir, records / 2), draining(weir, records, numbered(count, 'consumer'))];
      return {
        name: measured.name,
        async run() {
          await weir.haveConsumers(count);
          await before.run();
          return measured.run();
        },
      };
    }),
);

export const growingIngest = growing(
  'ingest',
  `POST of one metric by ${MANY_CONNECTIONS} connections, which as many processes of ingest-api share, until it is acknowledged; what counts is the rate. Each is loaded for a moment before.`,
  'metrics',
  ({ seconds }) =>
    inOneSystem(
      [1, 2],
      (weir, count) => {
        const load = { apiKeys: [weir.running.tenant.apiKey], connections: MANY_CONNECTIONS, batch: 1, seconds };
        return postedToSeveral(weir, count, load, numbered(count, 'process', 'es'));
      },
      ingestAlone,
    ),
);

const numbered = (count: number, noun: string, plural = 's'): string =>
  `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : plural}`;

/** Sizes that one system can have in turn. */
async function inOneSystem<T>(
  sizes: readonly T[],
  contenderOf: (weir: BenchSystem, size: T) => Contender | Promise<Contender>,
  start = (): Promise<BenchSystem> => BenchSystem.start(),
): Promise<Sizes> {
  const weir = await start();
  const contenders: Contender[] = [];
  for (const size of sizes) contenders.push(await contenderOf(weir, size));
  return { contenders, systems: [weir] };
}

/** A system of each size, all of them there at once. */
async function systemsOf<T extends BenchSystemOptions>(
  sizes: readonly T[],
  contenderOf: (weir: BenchSystem, size: T) => Contender,
): Promise<Sizes> {
  const contenders: Contender[] = [];
  const systems: BenchSystem[] = [];
  for (const size of sizes) {
    const weir = await BenchSystem.start(size);
    systems.push(weir);
    contenders.push(contenderOf(weir, size));
  }
  return { contenders, systems };
}
