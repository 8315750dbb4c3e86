import { describe, expect, it } from '@jest/globals';

import type { AppSnapshot, Snapshot } from './snapshot.js';
import { verdictOf } from './verdict.js';

const APPS = ['ingest-api', 'metrics-consumer', 'dlq-replayer', 'admin-service', 'query-api'] as const;

const healthy = (app: AppSnapshot['app']): AppSnapshot => ({
  app,
  status: 'healthy',
  version: '0.1.0',
  url: 'http://here',
  failing: {},
  problem: null,
});
const found = <T>(what: T) => ({ found: what, problem: null });

const SNAPSHOT: Snapshot = {
  at: '2026-11-22T10:00:00.000Z',
  apps: APPS.map(healthy),
  brokers: 1,
  topics: found([]),
  groups: found([]),
  ledger: found({ balanced: true, counts: { stored: 5, dead_lettered: 0, gap: 0, expired: 0, skipped: 0 } }),
  breaker: found({ open: null }),
  deadLetters: found({ counts: {}, groups: [], oldest: null }),
  replays: found([]),
  tenants: found({ active: 1 }),
};
const withApp = (app: AppSnapshot['app'], change: Partial<AppSnapshot>): Snapshot => ({
  ...SNAPSHOT,
  apps: SNAPSHOT.apps.map((each) => (each.app === app ? { ...each, ...change } : each)),
});
const kindsOf = (snapshot: Snapshot): string[] => verdictOf(snapshot).findings.map(({ kind }) => kind);

describe('the verdict', () => {
  it('is healthy where nothing is wrong', () => {
    expect(verdictOf(SNAPSHOT)).toEqual({ status: 'healthy', findings: [] });
  });

  it('says lost before all else where the ledger does not add up', () => {
    const counts = { stored: 5, dead_lettered: 0, gap: 0, expired: 0, skipped: 0 };
    const verdict = verdictOf({
      ...withApp('ingest-api', { status: 'away' }),
      ledger: found({ balanced: false, counts }),
    });
    expect(verdict.status).toBe('unhealthy');
    expect(verdict.findings[0]).toMatchObject({ kind: 'lost' });
  });

  it.each([
    ['ingest-api', 'refused'],
    ['metrics-consumer', 'delayed'],
    ['dlq-replayer', 'delayed'],
    ['admin-service', 'refused'],
    ['query-api', 'refused'],
  ] as const)('without %s is unhealthy: something is %s', (app, kind) => {
    const verdict = verdictOf(withApp(app, { status: 'away', problem: `${app} does not answer` }));
    expect([verdict.status, verdict.findings.map((each) => each.kind)]).toEqual(['unhealthy', [kind]]);
  });

  it('is unhealthy without brokers, though apps are only degraded, and says so once', () => {
    const failing = { kafka: { status: 'unhealthy', error: 'timed out' } } as const;
    const apps = SNAPSHOT.apps.map((app) => ({ ...app, status: 'degraded', failing }) as const);
    const { status, findings } = verdictOf({ ...SNAPSHOT, apps });
    expect(status).toBe('unhealthy');
    expect(findings).toEqual([
      { kind: 'refused', text: `metrics are refused: Kafka does not answer to ${APPS.join(', ')}` },
    ]);
  });

  it('is unhealthy where the breaker is open, or a group is more than a minute behind', () => {
    expect(
      kindsOf({ ...SNAPSHOT, breaker: found({ open: { cause: 'dlq_unwritable', detail: 'why', since: 0 } }) }),
    ).toEqual(['delayed']);
    const group = { groupId: 'metrics-consumer', state: 'empty', members: 0, lag: 7, partitions: [] };
    expect(kindsOf({ ...SNAPSHOT, groups: found([{ ...group, behindMs: 59_000 }]) })).toEqual([]);
    expect(kindsOf({ ...SNAPSHOT, groups: found([{ ...group, behindMs: 61_000 }]) })).toEqual(['delayed']);
  });

  it('is degraded where a part could not be looked at', () => {
    const verdict = verdictOf({ ...SNAPSHOT, topics: { found: null, problem: 'role_insufficient' } });
    expect(verdict).toMatchObject({ status: 'degraded', findings: [{ kind: 'unknown', text: 'role_insufficient' }] });
    expect(verdictOf(withApp('query-api', { status: 'unknown', url: null })).status).toBe('degraded');
  });

  it('stays healthy with dead letters, which are explained, and tells of them', () => {
    const verdict = verdictOf({
      ...SNAPSHOT,
      deadLetters: found({ counts: { open: 3, parked: 1, recovered: 9 }, groups: [], oldest: null }),
    });
    expect(verdict).toEqual({
      status: 'healthy',
      findings: [{ kind: 'note', text: '4 dead letters to look at: weir dlq groups' }],
    });
  });

  it('stays healthy with records that expired, which the ledger counts, and tells of them', () => {
    const counts = { stored: 5, dead_lettered: 0, gap: 0, expired: 1_200, skipped: 0 };
    expect(verdictOf({ ...SNAPSHOT, ledger: found({ balanced: true, counts }) })).toEqual({
      status: 'healthy',
      findings: [{ kind: 'note', text: '1,200 records expired before anybody read them, so far' }],
    });
  });

  it('is degraded where nobody knows how far behind a group is that has records to read', () => {
    const group = { groupId: 'metrics-consumer', state: 'stable', members: 1, behindMs: null, partitions: [] };
    expect(verdictOf({ ...SNAPSHOT, groups: found([{ ...group, lag: 7 }]) })).toEqual({
      status: 'degraded',
      findings: [{ kind: 'unknown', text: 'metrics-consumer has 7 records to read, and since when is not known' }],
    });
    expect(kindsOf({ ...SNAPSHOT, groups: found([{ ...group, lag: 0 }]) })).toEqual([]);
  });
});
