import type { AppName } from '@weir/topics';

import type {
  Breaker,
  Group,
  GroupDetail,
  Health,
  Ledger,
  LetterGroup,
  Replay,
  Tenant,
  Topic,
} from '../api/answers.js';
import { HttpApi, segment } from '../api/http-api.js';
import { adminApi, type Context } from '../context.js';
import { Failure, UsageFailure } from '../failures.js';
import { missingAddress } from '../settings/settings.js';
import {
  type AppSnapshot,
  type GroupSnapshot,
  type LedgerSnapshot,
  type LettersSnapshot,
  type Looked,
  type Snapshot,
  unsettledOf,
} from './snapshot.js';

const APPS: readonly AppName[] = ['ingest-api', 'metrics-consumer', 'dlq-replayer', 'admin-service', 'query-api'];
/** A part that is away must not hold up what the others say. */
const TIMEOUT_MS = 5_000;
const MAX_LISTED = 500;
const MAX_GROUPS = 10_000;
const GROUPS_AT_ONCE = 4;
/** A metric that each reader has of its own group alone; others are of every group that it sees. */
const OWN_GROUP = /^weir_consumer_rebalances_total\{[^}\n]*\bgroup="([^"\\]+)"/gm;
/** Apps that read topics as members of a group. */
const READERS: readonly AppName[] = ['metrics-consumer', 'dlq-replayer', 'admin-service'];
const UNDER_WAY = new Set(['running', 'paused', 'cancelling']);
const NEWEST_REPLAYS = 100;

/**
 * Looks at every part at the same time. What cannot be looked at is told as such: it rejects with the signal's reason alone, and with
 * UsageFailure where nothing says where anything is.
 */
export async function look(context: Context): Promise<Snapshot> {
  if (APPS.every((app) => context.settings.addressOf(app) === null))
    throw new UsageFailure(
      'Nothing says where Weir is: give --admin-url and its like or WEIR_ADMIN_URL, or run weir where a local stack runs (npm start).',
    );
  const [apps, topics, groups, ledger, breaker, deadLetters, replays, tenants] = await Promise.all([
    Promise.all(APPS.map((app) => appSnapshot(context, app))),
    looked(context, () => quick(context).list<Topic>('/api/v1/topics', {}, MAX_LISTED)),
    looked(context, () => ownGroups(context)),
    looked(context, async () => ledgerSnapshot(await open(context, 'metrics-consumer').get<Ledger>('/ledger'))),
    looked(context, () => open(context, 'metrics-consumer').get<Breaker>('/breaker')),
    looked(context, () => lettersSnapshot(quick(context))),
    looked(context, async () =>
      (await quick(context).list<Replay>('/api/v1/dlq/replays', {}, NEWEST_REPLAYS)).filter(({ state }) =>
        UNDER_WAY.has(state),
      ),
    ),
    looked(context, async () =>
      countsBy(await quick(context).list<Tenant>('/api/v1/tenants', {}, MAX_LISTED), ({ state }) => state),
    ),
  ]);
  return {
    at: new Date().toISOString(),
    apps: apps.map(({ snapshot }) => snapshot),
    brokers: brokersOf(apps),
    topics,
    groups,
    ledger,
    breaker,
    deadLetters,
    replays,
    tenants,
  };
}

interface LookedAtApp {
  readonly snapshot: AppSnapshot;
  readonly checks: Health['checks'];
}

async function appSnapshot(context: Context, app: AppName): Promise<LookedAtApp> {
  const url = context.settings.addressOf(app)?.url ?? null;
  const unknown = { app, version: null, url, failing: {} };
  if (url === null) return { snapshot: { ...unknown, status: 'unknown', problem: missingAddress(app) }, checks: {} };
  const { found, problem } = await looked(context, () => open(context, app).look<Partial<Health>>('/health'));
  if (found === null) return { snapshot: { ...unknown, status: 'away', problem }, checks: {} };
  const { status, service, version, checks = {} } = found;
  // Something else may listen there, and a proxy may answer 503 with JSON of its own.
  if (service === undefined || status === undefined)
    return { snapshot: { ...unknown, status: 'away', problem: `What answers at ${url} is not ${app}.` }, checks: {} };
  const failing = Object.fromEntries(Object.entries(checks).filter(([, check]) => check.status !== 'healthy'));
  return {
    snapshot: { app, status, version: version ?? null, url, failing, problem: null },
    checks,
  };
}

/** As many as any app sees: one that has just lost them sees none. */
function brokersOf(apps: readonly LookedAtApp[]): number | null {
  const seen = apps.flatMap(({ checks }) => {
    const brokers = checks['kafka']?.['broker_count'];
    return typeof brokers === 'number' ? [brokers] : [];
  });
  return seen.length === 0 ? null : Math.max(...seen);
}

/** Groups of Weir's own apps: on brokers that others use too, theirs may be as far behind as they like. */
async function ownGroups(context: Context): Promise<GroupSnapshot[]> {
  const api = quick(context);
  const [groups, own] = await Promise.all([
    api.list<Group>('/api/v1/consumer-groups', {}, MAX_GROUPS),
    groupsOfApps(context),
  ]);
  return groupSnapshots(
    groups.filter(({ groupId }) => own.has(groupId)),
    (groupId) => api.get<GroupDetail>(`/api/v1/consumer-groups/${segment(groupId)}`),
  );
}

/** As their apps tell in their metrics; of one that is away the name that it has unless it was given another. */
async function groupsOfApps(context: Context): Promise<ReadonlySet<string>> {
  const named = READERS.map(async (app) => {
    if (context.settings.addressOf(app) === null) return [app];
    const { found } = await looked(context, () => open(context, app).text('/metrics'));
    const groups = [...(found ?? '').matchAll(OWN_GROUP)].map(([, group = '']) => group);
    return groups.length === 0 ? [app] : groups;
  });
  return new Set((await Promise.all(named)).flat());
}

/** With the time behind of those that are; a few at the same time. */
export async function groupSnapshots(
  groups: readonly Group[],
  detailOf: (groupId: string) => Promise<GroupDetail>,
): Promise<GroupSnapshot[]> {
  const queue = groups.entries();
  const snapshots: GroupSnapshot[] = [];
  const work = async (): Promise<void> => {
    for (const [at, group] of queue) snapshots[at] = await groupSnapshot(group, detailOf);
  };
  await Promise.all(Array.from({ length: GROUPS_AT_ONCE }, work));
  return snapshots;
}

async function groupSnapshot(
  { groupId, state, members, lag }: Group,
  detailOf: (groupId: string) => Promise<GroupDetail>,
): Promise<GroupSnapshot> {
  if (lag === 0) return { groupId, state, members, lag, behindMs: 0, partitions: [] };
  try {
    return withTimes(await detailOf(groupId));
  } catch (error) {
    // What the list said of it is still true.
    if (error instanceof Failure) return { groupId, state, members, lag, behindMs: null, partitions: [] };
    throw error;
  }
}

/** A group with the time of the partition that is furthest behind. */
export function withTimes({ groupId, state, members, lag, partitions }: GroupDetail): GroupSnapshot {
  const times = partitions.map(({ behindMs }) => behindMs);
  const known = times.filter((time) => time !== null);
  const behindMs = known.length === 0 && times.length > 0 ? null : Math.max(0, ...known);
  return { groupId, state, members: members.length, lag, behindMs, partitions };
}

function ledgerSnapshot({ balanced, partitions }: Ledger): LedgerSnapshot {
  const sum = (of: keyof LedgerSnapshot['counts']): number => partitions.reduce((all, line) => all + line[of], 0);
  return {
    balanced,
    counts: {
      stored: sum('stored'),
      dead_lettered: sum('dead_lettered'),
      gap: sum('gap'),
      expired: sum('expired'),
      skipped: sum('skipped'),
    },
  };
}

async function lettersSnapshot(api: HttpApi): Promise<LettersSnapshot> {
  const groups = await api.list<LetterGroup>('/api/v1/dlq/groups', {}, MAX_LISTED);
  const counts: Record<string, number> = {};
  for (const [state, records] of groups.flatMap((group) => Object.entries(group.counts)))
    counts[state] = (counts[state] ?? 0) + records;
  const unsettled = groups
    .filter((group) => unsettledOf(group.counts) > 0)
    .toSorted((a, b) => unsettledOf(b.counts) - unsettledOf(a.counts));
  const oldest = unsettled.map(({ firstSeen }) => firstSeen).toSorted()[0] ?? null;
  return { counts, groups: unsettled, oldest };
}

function countsBy<T>(items: readonly T[], keyOf: (item: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const key of items.map(keyOf)) counts[key] = (counts[key] ?? 0) + 1;
  return counts;
}

/** What the app tells everyone. */
function open({ settings, signal }: Context, app: AppName): HttpApi {
  return new HttpApi({ app, address: settings.requiredAddressOf(app), signal, timeoutMs: TIMEOUT_MS });
}

function quick(context: Context): HttpApi {
  return adminApi(context).within(TIMEOUT_MS);
}

async function looked<T>(context: Context, work: () => Promise<T>): Promise<Looked<T>> {
  try {
    return { found: await work(), problem: null };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    const hint = error instanceof UsageFailure ? null : error.hint;
    return {
      found: null,
      problem: hint === null || error.message.includes('does not answer') ? error.message : `${error.message}: ${hint}`,
    };
  }
}
