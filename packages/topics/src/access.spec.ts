import { describe, expect, it } from '@jest/globals';

import { accessOf } from './access.js';
import { resolveTopics } from './resolve-topics.js';

const topics = resolveTopics({ prefix: 'prod.' });
const groups = (app: 'query-api' | 'metrics-consumer'): string[] =>
  accessOf(app, topics, 'its-group').flatMap(({ resource, name, operations }) =>
    resource === 'group' && operations.includes('read') ? [name] : [],
  );

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
});
