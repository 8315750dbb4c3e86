import { createOutboxTables, dropOutboxTables } from '@weir/outbox';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const OPERATORS = `
  CREATE TABLE admin.operators (
    id text COLLATE "C" PRIMARY KEY,
    name text NOT NULL,
    role text NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL,
    revoked_at timestamptz
  )`;

const OPERATOR_KEYS = `
  CREATE TABLE admin.operator_keys (
    id text COLLATE "C" PRIMARY KEY,
    operator_id text COLLATE "C" NOT NULL REFERENCES admin.operators (id),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz
  )`;

const TENANTS = `
  CREATE TABLE admin.tenants (
    id text COLLATE "C" PRIMARY KEY,
    name text NOT NULL,
    state text NOT NULL CHECK (state IN ('active', 'suspended', 'deleted')),
    version bigint NOT NULL,
    limits jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
  )`;

const TENANT_KEYS = `
  CREATE TABLE admin.tenant_keys (
    id text COLLATE "C" PRIMARY KEY,
    tenant_id text COLLATE "C" NOT NULL REFERENCES admin.tenants (id),
    hash text NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$'),
    label text NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz
  )`;

const AUDIT = `
  CREATE TABLE admin.audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entry_id uuid NOT NULL,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    actor_name text NOT NULL,
    role text NOT NULL,
    action text NOT NULL,
    target text,
    before jsonb,
    after jsonb,
    address text,
    user_agent text,
    result text NOT NULL,
    status integer NOT NULL,
    correlation_id text,
    count integer NOT NULL DEFAULT 1
  )`;

/** The topic's own id tells whether the tenants in it are those that were published, or the topic was made anew since. */
const PUBLISHED_TOPICS = `
  CREATE TABLE admin.published_topics (
    topic text PRIMARY KEY,
    topic_id text NOT NULL,
    published_at timestamptz NOT NULL DEFAULT now()
  )`;

/** Operators, tenants with their keys, the audit, and the outbox. */
export class CreateAdmin1795305600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const table of [OPERATORS, OPERATOR_KEYS, TENANTS, TENANT_KEYS, AUDIT, PUBLISHED_TOPICS])
      await runner.query(table);
    await runner.query('CREATE INDEX operator_keys_of ON admin.operator_keys (operator_id)');
    await runner.query('CREATE INDEX tenant_keys_of ON admin.tenant_keys (tenant_id, id)');
    for (const column of ['actor', 'action', 'target', 'at'])
      await runner.query(`CREATE INDEX audit_by_${column} ON admin.audit (${column}, id)`);
    for (const statement of createOutboxTables('admin')) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of dropOutboxTables('admin')) await runner.query(statement);
    await runner.query(
      'DROP TABLE admin.published_topics, admin.audit, admin.tenant_keys, admin.tenants, admin.operator_keys, admin.operators',
    );
  }
}
