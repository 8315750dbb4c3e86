import { type Command, Option } from 'commander';

import type { Aggregates, Point, Points } from '../api/answers.js';
import type { HttpApi, Query } from '../api/http-api.js';
import { type Context, show, tenantApi } from '../context.js';
import { UsageFailure } from '../failures.js';
import { type Shell, subcommand } from '../shell.js';
import { time } from '../terminal/figures.js';
import { table } from '../terminal/table.js';
import { moment, pair, whole } from './arguments.js';

interface QueryOptions {
  readonly from?: number;
  readonly to?: number;
  readonly label?: Readonly<Record<string, string>>;
  readonly environment?: string;
  readonly limit: number;
  readonly agg?: string;
  readonly step?: string;
  readonly by?: string;
}

const AGGREGATIONS = ['avg', 'min', 'max', 'sum', 'count', 'last', 'p50', 'p95', 'p99'];
const USUAL = 20;
const MOST = 1_000_000;
/** What query-api answers at once at most. */
const PAGE = 100;
const PATH = '/api/v1/metrics';

export function addQuery(program: Command, shell: Shell): void {
  subcommand(program, 'query', 'Ask for what is stored: names, points, or aggregates', [
    ['weir query', 'names of metrics'],
    ['weir query host_load1 --from 15m', 'points, newest first'],
    ['weir query host_load1 --label host=a --limit 1000 --json', 'for scripts'],
    ['weir query host_cpu_busy_ratio --agg avg --step 1m --by host', 'aggregates, in buckets'],
  ])
    .argument('[name]', 'of a metric; without it the names there are')
    .option('--from <time>', 'since then: 15m, 1h, 7d, RFC 3339; an hour unless given', moment)
    .option('--to <time>', 'before then; now unless given', moment)
    .option('--label <name=value>', 'only series with exactly this label, as often as there are', pair)
    .option('--environment <text>', 'only of this environment')
    .option('--limit <n>', 'points or names at most', whole(1, MOST), USUAL)
    .addOption(new Option('--agg <how>', 'aggregate so; with --step').choices(AGGREGATIONS))
    .option('--step <duration>', 'the length of a bucket: 30s, 1m, 1h')
    .option('--by <labels>', 'one series for each value of these, separated by commas; with --agg')
    .action((name: string | undefined, options: QueryOptions) =>
      shell.run((context) => {
        if ((options.agg === undefined) !== (options.step === undefined))
          throw new UsageFailure('--agg and --step go together.');
        if (options.by !== undefined && options.agg === undefined)
          throw new UsageFailure('--by goes with --agg and --step.');
        if (name === undefined) return names(context, options);
        return options.agg === undefined ? points(context, name, options) : aggregates(context, name, options);
      }),
    );
}

const matching = ({ label = {}, environment }: QueryOptions): Query => ({
  environment,
  ...Object.fromEntries(Object.entries(label).map(([name, value]) => [`label.${name}`, value])),
});

async function names(context: Context, options: QueryOptions): Promise<void> {
  const api = tenantApi(context, 'query-api');
  const found = await pages<string, { names: readonly string[]; nextCursor: string | null }>(
    api,
    `${PATH}/names`,
    matching(options),
    options.limit,
    (page) => page.names,
  );
  show(context, found, () => (found.length === 0 ? ['There are no metrics yet.'] : found));
}

async function points(context: Context, name: string, options: QueryOptions): Promise<void> {
  const { from, to, limit } = options;
  const found = await pages<Point, Points>(
    tenantApi(context, 'query-api'),
    PATH,
    { name, from, to, ...matching(options) },
    limit,
    (page) => page.points,
  );
  const { width, colors } = context.terminal;
  show(context, found, () =>
    found.length === 0
      ? [`${name} has no points there.`]
      : table(
          [
            { title: 'TIME', importance: 8 },
            { title: 'VALUE', align: 'right', importance: 9 },
            { title: 'LABELS', importance: 5, least: 12 },
            { title: 'ENVIRONMENT', importance: 3, optional: true },
          ],
          found.map((point) => [
            time(point.timestamp),
            String(point.value),
            labelsInWords(point.labels),
            point.environment ?? '',
          ]),
          { width, heading: colors.dim },
        ),
  );
}

async function aggregates(context: Context, name: string, options: QueryOptions): Promise<void> {
  const { from, to, agg, step, by } = options;
  const found = await tenantApi(context, 'query-api').get<Aggregates>(`${PATH}/query`, {
    name,
    from,
    to,
    agg,
    step,
    by,
    ...matching(options),
  });
  const { width, colors } = context.terminal;
  const rows = found.series.flatMap(({ labels, points: buckets }) =>
    buckets.map(([at, value]) => ({ at, value, labels })),
  );
  const grouped = found.series.some(({ labels }) => Object.keys(labels).length > 0);
  show(context, found, () =>
    rows.length === 0
      ? [`${name} has no points there.`]
      : table(
          [
            ...(grouped ? [{ title: 'LABELS', importance: 5, least: 12 }] : []),
            { title: 'FROM', importance: 8 },
            { title: (agg ?? '').toUpperCase(), align: 'right', importance: 9 },
          ],
          rows.map(({ at, value, labels }) => [...(grouped ? [labelsInWords(labels)] : []), time(at), String(value)]),
          { width, heading: colors.dim },
        ),
  );
}

/** The first `limit` of a list, page after page. */
async function pages<Item, Page extends { readonly nextCursor: string | null }>(
  api: HttpApi,
  path: string,
  query: Query,
  limit: number,
  itemsOf: (page: Page) => readonly Item[],
): Promise<Item[]> {
  const items: Item[] = [];
  for (let cursor: string | undefined; items.length < limit;) {
    const page: Page = await api.get(path, { ...query, cursor, limit: Math.min(PAGE, limit - items.length) });
    items.push(...itemsOf(page));
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
  }
  return items;
}

const labelsInWords = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
