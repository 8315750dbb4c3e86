import type { Command } from 'commander';

import type { Tenant } from '../api/answers.js';
import { segment } from '../api/http-api.js';
import { adminApi, type Context, show } from '../context.js';
import { UsageFailure } from '../failures.js';
import { type Shell, subcommand } from '../shell.js';
import { confirmed } from '../terminal/confirm.js';
import { count, NONE, time } from '../terminal/figures.js';
import { table } from '../terminal/table.js';
import type { Terminal } from '../terminal/terminal.js';
import { printable } from '../terminal/text-width.js';
import { pair } from './arguments.js';

const MOST = 100_000;

interface CreateOptions {
  readonly name?: string;
  readonly limit?: Readonly<Record<string, string>>;
}

export function addTenants(program: Command, shell: Shell): void {
  const tenants = subcommand(program, 'tenants', 'Who may send and ask, and how much', [
    ['weir tenants', 'all of them'],
    ['weir tenants create acme --name "Acme Ltd"', 'a new one, which has no key yet'],
    ['weir tenants limits acme samplesPerSecond=1000', 'another limit'],
  ]);
  subcommand(tenants, 'list', 'Tenants by id, deleted ones among them', [
    ['weir tenants list', 'the same as `weir tenants`'],
  ]).action(() => shell.run(list));
  tenants.action(() => shell.run(list));
  subcommand(tenants, 'show', 'One tenant with its limits', [['weir tenants show acme', '']])
    .argument('<tenant>', 'its id')
    .action((id: string) =>
      shell.run(async (context) => shown(context, await adminApi(context).get<Tenant>(pathOf(id)))),
    );
  subcommand(tenants, 'create', 'A new tenant, which has no key yet', [
    ['weir tenants create acme', ''],
    ['weir tenants create acme --name "Acme Ltd" --limit samplesPerSecond=1000', 'with a limit of its own'],
  ])
    .argument('<tenant>', 'its id: letters, digits, dots, dashes and underscores; never given twice')
    .option('--name <text>', 'for people; the id unless given')
    .option(
      '--limit <name=value>',
      'a limit of its own, as often as there are; `weir tenants show` has their names',
      pair,
    )
    .action((tenantId: string, { name = tenantId, limit }: CreateOptions) =>
      shell.run(async (context) => {
        const body = { tenantId, name, ...(limit !== undefined && { limits: limitsOf(limit) }) };
        shown(context, await adminApi(context).send<Tenant>('POST', '/api/v1/tenants', body));
      }),
    );
  subcommand(tenants, 'limits', 'Show or change the limits of a tenant', [
    ['weir tenants limits acme', 'which there are'],
    ['weir tenants limits acme samplesPerSecond=1000 maxLabels=20', 'change two'],
    ['weir tenants limits acme samplesPerSecond=none', "back to the service's own"],
  ])
    .argument('<tenant>', 'its id')
    .argument('[limits...]', 'name=value; the value `none` takes it back to the default')
    .action((id: string, given: string[]) => shell.run((context) => limits(context, id, given)));
  subcommand(tenants, 'suspend', "Refuse a tenant's requests until it is resumed", [
    ['weir tenants suspend acme', 'asks first'],
    ['weir tenants suspend acme --yes', 'for scripts'],
  ])
    .argument('<tenant>', 'its id')
    .option('--yes', 'do not ask')
    .action((id: string, { yes }: { yes?: boolean }) => shell.run((context) => suspend(context, id, yes === true)));
  subcommand(tenants, 'resume', "Take a tenant's requests again", [['weir tenants resume acme', '']])
    .argument('<tenant>', 'its id')
    .action((id: string) =>
      shell.run(async (context) => enter(context, 'resume', await adminApi(context).get<Tenant>(pathOf(id)))),
    );
}

async function list(context: Context): Promise<void> {
  const tenants = await adminApi(context).list<Tenant>('/api/v1/tenants', {}, MOST);
  const { width, colors } = context.terminal;
  show(context, tenants, () =>
    tenants.length === 0
      ? ['There is no tenant yet: weir tenants create makes one.']
      : table(
          [
            { title: 'TENANT', importance: 9, least: 12 },
            { title: 'NAME', importance: 5, least: 8 },
            { title: 'STATE', importance: 8 },
            { title: 'OWN LIMITS', importance: 4, least: 12, optional: true },
            { title: 'CHANGED', importance: 3 },
          ],
          tenants.map(({ tenantId, name, state, limits: own, updatedAt }) => [
            tenantId,
            name,
            { text: state, paint: state === 'active' ? colors.green : colors.yellow },
            Object.entries(own)
              .flatMap(([limit, value]) => (value === null ? [] : [`${limit} ${count(value)}`]))
              .join(', '),
            time(updatedAt),
          ]),
          { width, heading: colors.dim },
        ),
  );
}

function shown(context: Context, tenant: Tenant): void {
  show(context, tenant, () => tenantLines(tenant, context.terminal));
}

const tenantLines = (tenant: Tenant, { width, colors }: Terminal): string[] => [
  `${colors.bold(printable(tenant.tenantId))}  ${tenant.state}  ${printable(tenant.name)}`,
  colors.dim(`version ${tenant.version}, made ${time(tenant.createdAt)}, changed ${time(tenant.updatedAt)}`),
  '',
  ...table(
    [{ title: 'LIMIT' }, { title: 'VALUE', align: 'right' }],
    Object.entries(tenant.limits).map(([limit, value]) => [
      limit,
      value === null ? { text: `${NONE} (the service's own)`, paint: colors.dim } : count(value),
    ]),
    { width, heading: colors.dim },
  ),
];

async function limits(context: Context, id: string, given: readonly string[]): Promise<void> {
  const api = adminApi(context);
  const before = await api.get<Tenant>(pathOf(id));
  if (given.length === 0) return shown(context, before);
  const wanted = limitsOf(given.reduce<Record<string, string>>((all, each) => pair(each, all), {}));
  // Of the version that was just read: what somebody else changes meanwhile is refused and not overwritten.
  shown(
    context,
    await api.send<Tenant>('PATCH', pathOf(id), { limits: wanted }, { 'if-match': `"${before.version}"` }),
  );
}

function limitsOf(given: Readonly<Record<string, string>>): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => {
      if (value === 'none') return [name, null];
      const n = value.trim() === '' ? Number.NaN : Number(value);
      if (!Number.isFinite(n))
        throw new UsageFailure(`The limit ${name} must be a number, or "none" for the service's own.`);
      return [name, n];
    }),
  );
}

async function suspend(context: Context, id: string, yes: boolean): Promise<void> {
  const tenant = await adminApi(context).get<Tenant>(pathOf(id));
  const question = `Suspend ${printable(`${tenant.tenantId} (${tenant.name})`)}? From then on it can neither send nor ask, until it is resumed.`;
  if (await confirmed(context, question, yes)) return enter(context, 'suspend', tenant);
  context.terminal.say('Nothing was changed.');
}

/** Of the version that was seen: what somebody else changes meanwhile is refused. */
async function enter(context: Context, verb: 'suspend' | 'resume', { tenantId, version }: Tenant): Promise<void> {
  const path = `${pathOf(tenantId)}/${verb}`;
  const ifMatch = { 'if-match': `"${version}"` };
  shown(context, await adminApi(context).send<Tenant>('POST', path, undefined, ifMatch));
}

const pathOf = (id: string): string => `/api/v1/tenants/${segment(id)}`;
