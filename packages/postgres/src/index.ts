export { CLIENT_GRACE_MS, openPool, type PostgresConnection } from './connection.js';
export { CopyQuery } from './copy-query.js';
export { CopyRows } from './copy-rows.js';
export { ADVISORY_LOCKS } from './locks.js';
export { type PoolUse, poolUse } from './pool-use.js';
export { migrate, type Migration } from './migrate.js';
