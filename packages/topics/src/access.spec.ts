import { describe, expect, it } from '@jest/globals';

import { accessOf, type AccessRule } from './access.js';
import { resolveTopics } from './resolve-topics.js';

const topics = resolveTopics({ prefix: 'prod.' });
const groups = (app: 'query-api' | 'metrics-consumer'): string[] =>
  accessOf(app, topics, 'its-group').flatMap(({ resource, name, operations }) =>
    resource === 'group' && operations.includes('read') ? [name] : [],
  );

const ids = (app: 'dlq-replayer' | 'metrics-consumer'): AccessRule[] =>
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

  it('lets who writes in transactions use the ids of its group, and nobody else any', () => {
    expect(ids('dlq-replayer')).toEqual([
      { resource: 'transactional-id', name: 'its-group-', pattern: 'prefixed', operations: ['write', 'describe'] },
    ]);
    expect(ids('metrics-consumer')).toEqual([]);
  });

  it('lets none but those who join a group use it', () => {
    expect(groups('metrics-consumer')).toEqual(['its-group']);
    expect(groups('query-api')).toEqual([]);
  });
});
