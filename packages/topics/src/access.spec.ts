import { describe, expect, it } from '@jest/globals';

import { accessOf, outboxTransactionalId } from './access.js';
import { resolveTopics } from './resolve-topics.js';

const topics = resolveTopics({ prefix: 'prod.' });
const groups = (app: 'query-api' | 'metrics-consumer'): string[] =>
  accessOf(app, topics, 'its-group').flatMap(({ resource, name, operations }) =>
    resource === 'group' && operations.includes('read') ? [name] : [],
  );

const ids = (app: 'admin-service' | 'query-api') =>
  accessOf(app, topics, 'its-group').filter(({ resource }) => resource === 'transactional-id');

describe('accessOf', () => {
  it('lets an app write what it writes, read what it reads, make both, and nothing else', () => {
    expect(accessOf('ingest-api', topics, 'ingest-api')).toEqual([
      {
        resource: 'topic',
        name: 'prod.metrics.raw',
        pattern: 'literal',
        operations: ['write', 'create', 'describe', 'describe-configs'],
      },
      {
        resource: 'topic',
        name: 'prod.tenants',
        pattern: 'literal',
        operations: ['read', 'create', 'describe', 'describe-configs'],
      },
      { resource: 'group', name: 'weir-', pattern: 'prefixed', operations: ['describe'] },
    ]);
  });

  it('lets none but those who join a group use it', () => {
    expect(groups('metrics-consumer')).toEqual(['its-group']);
    expect(groups('query-api')).toEqual([]);
  });

  it('lets operators look at every topic and every group by admin-service, and write no more for it', () => {
    const rules = accessOf('admin-service', topics, 'its-group');
    const may = (operation: string) =>
      rules.flatMap((rule) => (rule.operations.some((each) => each === operation) ? [rule.name] : []));
    expect(may('read')).toEqual([...topics.all.map((topic) => topics.name(topic)), '*']);
    expect(may('write')).toEqual(['prod.tenants', 'prod.dlq.replay.commands', 'prod.audit.log', 'its-group-']);
  });

  it('lets whoever publishes in transactions do so under ids of its own group, and nobody else', () => {
    expect(ids('admin-service')).toEqual([
      { resource: 'transactional-id', name: 'its-group-', pattern: 'prefixed', operations: ['write', 'describe'] },
    ]);
    expect(outboxTransactionalId('admin-service', 'its-group').startsWith('its-group-')).toBe(true);
    expect(outboxTransactionalId('metrics-consumer', 'its-group')).not.toBe(
      outboxTransactionalId('admin-service', 'its-group'),
    );
    expect(ids('query-api')).toEqual([]);
  });
});
