import { ProblemException } from '@weir/nest-service';

interface Refusal {
  readonly status: number;
  readonly title: string;
  /** For docs/reference/errors.md: when it happens, and what the caller does about it. */
  readonly meaning: string;
}

/**
 * Every refusal of this API's own. The codes are stable; docs/reference/errors.md shows this table, and a test holds the two
 * together.
 */
export const REFUSALS = {
  operator_key_missing: {
    status: 401,
    title: 'No operator key',
    meaning: 'Neither `X-Operator-Key` nor `Authorization: Bearer` has a key.',
  },
  operator_key_invalid: {
    status: 401,
    title: 'Unknown operator key',
    meaning: "The key is none of any operator. A tenant's key (`wk_…`) opens nothing here.",
  },
  operator_key_expired: {
    status: 401,
    title: 'Expired operator key',
    meaning: 'The key was rotated, and its time is over. Use the new one.',
  },
  operator_revoked: {
    status: 401,
    title: 'Revoked operator',
    meaning: 'The operator was revoked, and all keys with it.',
  },
  role_insufficient: {
    status: 403,
    title: 'The role does not allow this',
    meaning: 'The key is good, but its operator may not do this. `required` names the least role that may.',
  },
  tenant_not_found: { status: 404, title: 'No such tenant', meaning: 'There is no tenant with this id.' },
  key_not_found: { status: 404, title: 'No such key', meaning: 'The tenant has no key with this id.' },
  operator_not_found: { status: 404, title: 'No such operator', meaning: 'There is no operator with this id.' },
  letter_not_found: {
    status: 404,
    title: 'No such dead letter',
    meaning:
      'The index has no dead letter with this id. It may have been deleted after its retention, or not been read yet.',
  },
  letter_expired: {
    status: 410,
    title: 'The dead letter is deleted',
    meaning: 'Kafka has deleted the record after its retention. What the index knows of it is all that is left.',
  },
  group_not_found: { status: 404, title: 'No such group', meaning: 'No dead letter has this fingerprint.' },
  replay_not_found: { status: 404, title: 'No such replay', meaning: 'There is no replay with this id.' },
  plan_not_found: {
    status: 404,
    title: 'No such plan',
    meaning: 'There is no plan with this hash, or it is older than an hour. Make a new one.',
  },
  plan_changed: {
    status: 409,
    title: 'The plan does not hold any more',
    meaning:
      'What the plan selected is not what it would select now; `added` and `removed` tell the difference. Nothing was started. Make a new plan.',
  },
  plan_empty: {
    status: 409,
    title: 'Nothing to replay',
    meaning: 'The plan has no record that can be replayed; its `excluded` told why.',
  },
  plan_too_large: {
    status: 409,
    title: 'Too many records for one replay',
    meaning:
      '`most` is the most records of one replay. Narrow the filter, by time for example, and replay the rest afterwards.',
  },
  replay_state: {
    status: 409,
    title: 'The replay is in another state',
    meaning: 'This is not possible in the state that `state` tells.',
  },
  letter_state: {
    status: 409,
    title: 'The dead letter is in another state',
    meaning:
      'This is not possible in the state that `state` tells: a record that is being replayed or was recovered is not discarded.',
  },
  selection_changed: {
    status: 409,
    title: 'Other dead letters are selected now',
    meaning:
      'The selection is about so many records as `records` tells, and not about as many as were confirmed. Nothing was changed. Look again, and confirm that.',
  },
  selection_too_large: {
    status: 409,
    title: 'Too many records at once',
    meaning:
      '`most` is the most records of one decision. Narrow the filter, by time for example, and decide about the rest afterwards.',
  },
  topic_not_found: {
    status: 404,
    title: 'No such topic',
    meaning: 'The brokers have no topic of this name, or this service may not see it.',
  },
  consumer_group_not_found: {
    status: 404,
    title: 'No such consumer group',
    meaning: 'The group has neither members nor committed offsets.',
  },
  subject_not_found: { status: 404, title: 'No such subject', meaning: 'The schema registry has no such subject.' },
  schema_version_not_found: {
    status: 404,
    title: 'No such version',
    meaning: 'The schema registry has no such version of the subject.',
  },
  group_active: {
    status: 409,
    title: 'The group has members',
    meaning:
      'Offsets are moved only while nobody reads by them. Stop all members first; `state` is what the group is in.',
  },
  tenant_exists: {
    status: 409,
    title: 'The tenant exists',
    meaning:
      'There is a tenant with this id, or there was: an id is never given twice, since its metrics are still there.',
  },
  tenant_deleted: { status: 409, title: 'The tenant is deleted', meaning: 'A deleted tenant is not changed any more.' },
  too_many_keys: {
    status: 409,
    title: 'The tenant has two live keys',
    meaning: 'Two keys may live at once, so that one can replace the other. Revoke one first.',
  },
  last_admin: {
    status: 409,
    title: 'The last admin',
    meaning: 'Nobody could make an admin any more. Make another one first.',
  },
  operator_closed: {
    status: 409,
    title: 'The operator is revoked',
    meaning: 'A revoked operator gets no new key. Create another one.',
  },
  version_conflict: {
    status: 412,
    title: 'The tenant has changed',
    meaning:
      "`If-Match` names another version than the tenant's, which `version` tells. Read it again, and decide anew.",
  },
  version_required: {
    status: 428,
    title: 'Which version is meant',
    meaning:
      'This changes what another operator may have changed meanwhile: send the `ETag` that was read as `If-Match`, or `*` for any version.',
  },
} as const satisfies Readonly<Record<string, Refusal>>;

export type RefusalCode = keyof typeof REFUSALS;

/** The caller is told why not; nothing was changed. */
export class AdminRefusal extends ProblemException {
  constructor(
    readonly code: RefusalCode,
    extensions: Readonly<Record<string, unknown>> = {},
  ) {
    const { status, title, meaning } = REFUSALS[code];
    super({ status, code, title, detail: meaning, ...extensions });
  }
}

/** Codes of a ValidationError (422), by what a caller sent. */
export const VALIDATIONS = {
  body_invalid: 'The body is not a JSON object.',
  field_missing: 'A member that is required is absent; `detail` names it.',
  field_unknown: 'The body has a member that nobody reads here. A misspelt one would be lost, so it is refused.',
  field_invalid: 'A member has a value that it cannot have; `detail` names it, and what it may be.',
  parameter_unknown: 'The address has no such parameter. A misspelt filter would widen the answer, so it is refused.',
  parameter_repeated: 'Every parameter may be given once.',
  parameter_invalid: 'A parameter has a value that it cannot have; `detail` names it, and what it may be.',
  cursor:
    'The cursor was altered, or it belongs to another question. Only `limit` may change between pages. Begin without one.',
} as const;
