import { randomBytes } from 'node:crypto';

import { ADVISORY_LOCKS } from '@weir/postgres';
import { apiKeyMatches, generateOperatorKey, hashApiKey, operatorKeyId } from '@weir/tenancy';

import type { Actor, Call } from '../access/call.js';
import type { Role } from '../access/roles.js';
import { type AuditTrail, WEIR } from '../audit/audit-trail.js';
import type { Database, Transaction } from '../database/database.js';
import { type Page, pageOf, placeOf } from '../http/page.js';
import type { PageRequest } from '../http/parameters.js';
import { AdminRefusal, type RefusalCode } from '../http/problems.js';

/** An operator as operators see it. */
export interface OperatorView {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly revokedAt: string | null;
}

/** An operator with a new key, which is shown this once. */
export interface OperatorWithKey {
  readonly operator: OperatorView;
  /** `wo_<id>_<secret>` */
  readonly key: string;
}

export type Authentication = { readonly actor: Actor } | { readonly refused: RefusalCode; readonly actor?: Actor };

interface OperatorRow {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly created_at: Date;
  readonly created_by: string;
  readonly revoked_at: Date | null;
}

interface KeyRow extends OperatorRow {
  readonly hash: Buffer;
  readonly expires_at: Date | null;
}

const LIVE_KEYS = 2;

/** Who may call admin-service, and with which keys. Only hashes of keys are kept. */
export class Operators {
  constructor(
    private readonly database: Database,
    private readonly trail: AuditTrail,
  ) {}

  /** The same work whether the key exists or not. */
  async authenticate(presentedKey: string | null, now: Date): Promise<Authentication> {
    if (presentedKey === null) return { refused: 'operator_key_missing' };
    const keyId = operatorKeyId(presentedKey);
    const [found] = keyId === null ? [] : await this.find(keyId);
    const matches = apiKeyMatches(presentedKey, found?.hash ?? null);
    if (found === undefined || !matches) return { refused: 'operator_key_invalid' };
    const actor = { id: found.id, name: found.name, role: found.role };
    if (found.revoked_at !== null) return { refused: 'operator_revoked', actor };
    if (found.expires_at !== null && found.expires_at <= now) return { refused: 'operator_key_expired', actor };
    return { actor };
  }

  async get(id: string): Promise<OperatorView> {
    const [row] = await this.database.query<OperatorRow>('SELECT * FROM admin.operators WHERE id = $1', [id]);
    if (row === undefined) throw new AdminRefusal('operator_not_found');
    return viewOf(row);
  }

  /** By id. */
  async list({ limit, cursor }: PageRequest): Promise<Page<OperatorView>> {
    const rows = await this.database.query<OperatorRow>(
      'SELECT * FROM admin.operators WHERE id > $1 ORDER BY id LIMIT $2',
      [placeOf('operators', cursor) ?? '', limit + 1],
    );
    return pageOf(rows, limit, 'operators', { item: viewOf, place: ({ id }) => id });
  }

  async create(call: Call, { name, role }: { readonly name: string; readonly role: Role }): Promise<OperatorWithKey> {
    return this.database.transaction(async (transaction) => {
      const id = randomBytes(8).toString('hex');
      const operator = await this.insert(transaction, { id, name, role, createdBy: call.actor.id });
      const { id: keyId, key } = await this.insertKey(transaction, id);
      await this.trail.changed(transaction, call, {
        target: `operator:${id}`,
        before: null,
        after: { ...operator, keyId },
      });
      return { operator, key };
    });
  }

  /** A new key; those before it go on for `overlapMs`, and of these at most the newest. */
  async rotate(call: Call, id: string, overlapMs: number): Promise<OperatorWithKey> {
    return this.database.transaction(async (transaction) => {
      const row = await this.lock(transaction, id);
      if (row.revoked_at !== null) throw new AdminRefusal('operator_closed');
      await transaction.query(
        `UPDATE admin.operator_keys SET expires_at = CASE
           WHEN id = (SELECT id FROM admin.operator_keys WHERE operator_id = $1 ORDER BY created_at DESC LIMIT ${LIVE_KEYS - 1})
           THEN least(expires_at, now() + $2 * interval '1 millisecond') ELSE least(expires_at, now()) END
         WHERE operator_id = $1`,
        [id, overlapMs],
      );
      const { id: keyId, key } = await this.insertKey(transaction, id);
      const after = { keyId, overlapMs };
      await this.trail.changed(transaction, call, { target: `operator:${id}`, before: null, after });
      return { operator: viewOf(row), key };
    });
  }

  /** All keys of the operator open nothing from now on. Revoking one who is revoked changes nothing. */
  async revoke(call: Call, id: string): Promise<OperatorView> {
    return this.database.transaction(async (transaction) => {
      await transaction.query(`SELECT pg_advisory_xact_lock(${ADVISORY_LOCKS.admins})`);
      const row = await this.lock(transaction, id);
      if (row.revoked_at !== null) return viewOf(row);
      if (row.role === 'admin' && (await liveAdmins(transaction)) === 1) throw new AdminRefusal('last_admin');
      const [revoked = row] = await transaction.query<OperatorRow>(
        'UPDATE admin.operators SET revoked_at = now() WHERE id = $1 RETURNING *',
        [id],
      );
      const change = { target: `operator:${id}`, before: viewOf(row), after: viewOf(revoked) };
      await this.trail.changed(transaction, call, change);
      return viewOf(revoked);
    });
  }

  /**
   * Takes in the key of the first admin. Does nothing where an admin lives, or where this key was known before: one that was revoked
   * does not come back with the next start. Answers whether it was taken in.
   */
  async bootstrap(key: string): Promise<boolean> {
    const keyId = operatorKeyId(key);
    if (keyId === null) return false;
    return this.database.transaction(async (transaction) => {
      await transaction.query(`SELECT pg_advisory_xact_lock(${ADVISORY_LOCKS.admins})`);
      const known = await transaction.query('SELECT FROM admin.operator_keys WHERE id = $1', [keyId]);
      if (known.length > 0 || (await liveAdmins(transaction)) > 0) return false;
      const id = randomBytes(8).toString('hex');
      const after = await this.insert(transaction, { id, name: 'First admin', role: 'admin', createdBy: 'weir' });
      await keepKey(transaction, keyId, id, hashApiKey(key));
      const deed = { action: 'operators.bootstrap', result: 'ok', status: 200 };
      await this.trail.write(transaction, { ...WEIR, ...deed, target: `operator:${id}`, before: null, after });
      return true;
    });
  }

  private find(keyId: string): Promise<KeyRow[]> {
    return this.database.query<KeyRow>(
      `SELECT operators.*, keys.hash, keys.expires_at
       FROM admin.operator_keys AS keys JOIN admin.operators AS operators ON operators.id = keys.operator_id
       WHERE keys.id = $1`,
      [keyId],
    );
  }

  private async lock(transaction: Transaction, id: string): Promise<OperatorRow> {
    const [row] = await transaction.query<OperatorRow>('SELECT * FROM admin.operators WHERE id = $1 FOR UPDATE', [id]);
    if (row === undefined) throw new AdminRefusal('operator_not_found');
    return row;
  }

  private async insert(
    transaction: Transaction,
    { id, name, role, createdBy }: { id: string; name: string; role: Role; createdBy: string },
  ): Promise<OperatorView> {
    const [row] = await transaction.query<OperatorRow>(
      'INSERT INTO admin.operators (id, name, role, created_by) VALUES ($1, $2, $3, $4) RETURNING *',
      [id, name, role, createdBy],
    );
    if (row === undefined) throw new Error('The operator was not inserted.');
    return viewOf(row);
  }

  private async insertKey(transaction: Transaction, operatorId: string) {
    const generated = generateOperatorKey();
    const { id, hash } = generated;
    await keepKey(transaction, id, operatorId, Buffer.from(hash, 'hex'));
    return generated;
  }
}

async function keepKey(transaction: Transaction, id: string, operatorId: string, hash: Buffer): Promise<void> {
  await transaction.query('INSERT INTO admin.operator_keys (id, operator_id, hash) VALUES ($1, $2, $3)', [
    id,
    operatorId,
    hash,
  ]);
}

async function liveAdmins(transaction: Transaction): Promise<number> {
  const [found] = await transaction.query<{ count: string }>(
    `SELECT count(*) FROM admin.operators WHERE role = 'admin' AND revoked_at IS NULL`,
  );
  return Number(found?.count ?? 0);
}

function viewOf({ id, name, role, created_at, created_by, revoked_at }: OperatorRow): OperatorView {
  return {
    id,
    name,
    role,
    createdBy: created_by,
    createdAt: created_at.toISOString(),
    revokedAt: revoked_at?.toISOString() ?? null,
  };
}
