import { type Command, Option } from 'commander';

import type { NewTenantKey, TenantKey } from '../api/answers.js';
import { segment } from '../api/http-api.js';
import { adminApi, type Context, show } from '../context.js';
import { type Shell, subcommand } from '../shell.js';
import { time } from '../terminal/figures.js';
import { type Cell, table } from '../terminal/table.js';
import type { Terminal } from '../terminal/terminal.js';
import { confirmed } from '../terminal/confirm.js';
import { EXIT, type ExitCode } from '../exit-codes.js';

interface CreateOptions {
  readonly scope: readonly string[];
  readonly label?: string;
  readonly expires?: string;
}

const MOST = 10_000;

export function addKeys(program: Command, shell: Shell): void {
  const keys = subcommand(
    program,
    'keys',
    "Tenants' API keys; two may live at once, so that one can replace the other",
    [
      ['weir keys list acme', 'never their secrets'],
      ['weir keys create acme', 'to send and to ask; the key is shown this once'],
      ['weir keys revoke acme bb444e70ee54ea6c', 'refused everywhere within two seconds'],
    ],
  );
  subcommand(keys, 'list', "A tenant's keys, revoked and expired ones among them", [['weir keys list acme', '']])
    .argument('<tenant>', 'its id')
    .action((tenant: string) => shell.run((context) => list(context, tenant)));
  subcommand(keys, 'create', 'A new key, which is shown this once', [
    ['weir keys create acme', 'for everything'],
    ['weir keys create acme --scope ingest --label "exporter in Oslo"', 'that may only send'],
    ['weir keys create acme --json | jq -r .key > key.txt', 'into a file'],
  ])
    .argument('<tenant>', 'its id')
    .addOption(
      new Option('--scope <scope...>', 'what it may').choices(['ingest', 'query']).default(['ingest', 'query']),
    )
    .option('--label <text>', 'for people')
    .option('--expires <time>', 'RFC 3339; never unless given')
    .action((tenant: string, options: CreateOptions) => shell.run((context) => create(context, tenant, options)));
  subcommand(keys, 'revoke', 'Refuse a key from now on, everywhere', [
    ['weir keys revoke acme bb444e70ee54ea6c', 'asks first'],
    ['weir keys revoke acme bb444e70ee54ea6c --yes', 'for scripts'],
  ])
    .argument('<tenant>', "the tenant's id")
    .argument('<key>', 'its id, which is no secret: the part of the key between `wk_` and the next `_`')
    .option('--yes', 'do not ask')
    .action((tenant: string, keyId: string, options: { yes?: boolean }) =>
      shell.run((context) => revoke(context, tenant, { keyId, yes: options.yes === true })),
    );
}

const pathOf = (tenant: string): string => `/api/v1/tenants/${segment(tenant)}/keys`;

async function list(context: Context, tenant: string): Promise<void> {
  const keys = await adminApi(context).list<TenantKey>(pathOf(tenant), {}, MOST);
  show(context, keys, () => (keys.length === 0 ? [`${tenant} has no key yet.`] : keysTable(keys, context.terminal)));
}

async function create(context: Context, tenant: string, { scope, label, expires }: CreateOptions): Promise<void> {
  const issued = await adminApi(context).send<NewTenantKey>('POST', pathOf(tenant), {
    scopes: scope,
    ...(label !== undefined && { label }),
    ...(expires !== undefined && { expiresAt: expires }),
  });
  show(context, issued, () => [issued.key]);
  context.terminal.say('Keep it now: it is shown this once, and only its hash is kept here.');
}

async function revoke(
  context: Context,
  tenant: string,
  { keyId, yes }: { readonly keyId: string; readonly yes: boolean },
): Promise<ExitCode> {
  if (!(await confirmed(context, `Revoke the key ${keyId} of ${tenant}?`, yes))) {
    context.terminal.say('Nothing was changed.');
    return EXIT.ok;
  }
  const revoked = await adminApi(context).send<TenantKey>('POST', `${pathOf(tenant)}/${segment(keyId)}/revoke`);
  show(context, revoked, () => keysTable([revoked], context.terminal));
  return EXIT.ok;
}

function keysTable(keys: readonly TenantKey[], { width, colors }: Terminal): string[] {
  const stateOf = ({ revokedAt, expiresAt }: TenantKey): Cell => {
    if (revokedAt !== null) return { text: `revoked ${time(revokedAt)}`, paint: colors.red };
    if (expiresAt === null) return { text: 'live', paint: colors.green };
    const isOver = Date.parse(expiresAt) <= Date.now();
    return {
      text: `${isOver ? 'expired' : 'live until'} ${time(expiresAt)}`,
      paint: isOver ? colors.red : colors.green,
    };
  };
  return table(
    [
      { title: 'KEY', importance: 9 },
      { title: 'STATE', importance: 8 },
      { title: 'SCOPES', importance: 7 },
      { title: 'LABEL', importance: 5, least: 8, optional: true },
      { title: 'MADE', importance: 3 },
    ],
    keys.map((key) => [key.keyId, stateOf(key), key.scopes.join(', '), key.label, time(key.createdAt)]),
    { width, heading: colors.dim },
  );
}
