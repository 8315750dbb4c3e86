import { randomUUID } from 'node:crypto';

import type { Actor, Call, Origin } from '../access/call.js';
import type { Database, Transaction } from '../database/database.js';
import type { Messages } from '../messages/messages.js';

/** What was changed, as anybody with the right may see it: never a key, a hash or a secret. */
export interface Change {
  /** `tenant:acme`. */
  readonly target: string | null;
  readonly before: object | null;
  readonly after: object | null;
}

/** What the audit says of something that was done or tried. */
export interface Deed extends Change {
  readonly actor: Actor;
  readonly origin: Origin;
  readonly action: string;
  /** `ok`, or the code of the problem that was answered. */
  readonly result: string;
  readonly status: number;
  /** How many calls it stands for; 1 unless given. */
  readonly count?: number;
}

export const UNCHANGED: Change = { target: null, before: null, after: null };
/** What the service does by itself is done by itself. */
export const WEIR: Pick<Deed, 'actor' | 'origin'> = {
  actor: { id: 'weir', name: 'Weir', role: '' },
  origin: { address: null, userAgent: null, correlationId: null },
};

/** Writes down who did what: a row, and a record of `audit.log`, in one transaction. */
export class AuditTrail {
  constructor(
    private readonly database: Database,
    private readonly messages: Messages,
  ) {}

  /** In the transaction that changes something: there is no change without its entry, and no entry of one that was rolled back. */
  async changed(transaction: Transaction, call: Call, change: Change): Promise<void> {
    await this.write(transaction, { ...call, ...change, result: 'ok', status: call.successStatus });
    call.recorded = true;
  }

  /** In a transaction that is open. */
  async write(transaction: Transaction, deed: Deed): Promise<void> {
    const { actor, origin, action, target, before, after, result, status, count = 1 } = deed;
    const entryId = randomUUID();
    const at = new Date();
    const [beforeText, afterText] = [before, after].map((state) => (state === null ? null : JSON.stringify(state)));
    await transaction.query(
      `INSERT INTO admin.audit (entry_id, at, actor, actor_name, role, action, target, before, after,
                                address, user_agent, result, status, correlation_id, count)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
      [
        [entryId, at, actor.id, actor.name, actor.role, action, target, beforeText, afterText],
        [origin.address, origin.userAgent, result, status, origin.correlationId, count],
      ].flat(),
    );
    await this.messages.tellAudit(transaction, {
      entry_id: entryId,
      at: at.getTime(),
      actor: actor.id,
      actor_name: actor.name,
      role: actor.role,
      action,
      target,
      before: beforeText ?? null,
      after: afterText ?? null,
      address: origin.address,
      user_agent: origin.userAgent,
      result,
      status,
      correlation_id: origin.correlationId,
      count,
    });
  }

  /** What changed nothing. */
  async note(deed: Deed): Promise<void> {
    await this.database.transaction((transaction) => this.write(transaction, deed));
  }
}
