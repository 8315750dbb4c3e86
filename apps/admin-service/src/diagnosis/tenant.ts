import { firstInvalidUtf8 } from '@weir/avro';
import type { RecordHeader } from '@weir/kafka';
import { STORABLE, TENANT_HEADER } from '@weir/tenancy';

import { counted, type Finding, finding, hexByte, quoted } from './finding.js';

/** What is known of a record whose tenant metrics-consumer does not take. */
export interface TenantEvidence {
  readonly bodyTenant: string;
  /** Whether the writer's schema has the field `tenant_id`. */
  readonly written: boolean;
  readonly schemaId: number;
  readonly headers: readonly RecordHeader[];
  /** What metrics-consumer says. */
  readonly words: string;
}

/** Why a record has no tenant, or two. Tenants' names are quoted; values of other headers never are. */
export function examineTenant(evidence: TenantEvidence): Finding[] {
  const { bodyTenant, written, headers } = evidence;
  const named = headers.filter(({ key }) => key === TENANT_HEADER);
  const other = written ? named.find(({ value }) => textOf(value) !== bodyTenant) : undefined;
  if (other !== undefined) return [contradiction(bodyTenant, other)];
  if (!written && named.length > 1)
    return [
      finding('tenant_twice', `The header ${TENANT_HEADER} is there ${named.length} times: it names one tenant, once.`),
    ];
  const value = named[0]?.value ?? null;
  const invalid = written || value === null ? null : firstInvalidUtf8(value);
  if (invalid !== null)
    return [
      finding(
        'tenant_not_utf8',
        `The header ${TENANT_HEADER} has ${hexByte(value?.[invalid] ?? 0)} as its byte ${invalid}, which is no UTF-8.`,
      ),
    ];
  const tenant = written ? bodyTenant : textOf(value);
  return tenant === '' ? missing(evidence, named.length > 0) : [unstorable(tenant, evidence)];
}

const textOf = (value: Buffer | null): string => value?.toString('utf8') ?? '';

function contradiction(bodyTenant: string, { value }: RecordHeader): Finding {
  const header = value === null ? 'null' : quoted(textOf(value));
  const words = `The field tenant_id says ${quoted(bodyTenant)}, and the header ${TENANT_HEADER} ${header}. Whose record it is cannot be told.`;
  return finding('tenant_contradicts', words, { field: 'tenant_id' });
}

function missing({ written, schemaId, headers }: TenantEvidence, empty: boolean): Finding[] {
  const words = written
    ? `Schema ${schemaId} has the field tenant_id, and it is empty. It is the one that counts, whatever a header says.`
    : `Schema ${schemaId} has no field tenant_id, and the header ${TENANT_HEADER} is ${empty ? 'empty' : 'not there'}.`;
  const misnamed = written ? undefined : headers.find(({ key }) => key !== TENANT_HEADER && looksLikeTenant(key));
  return [
    finding('tenant_missing', words, written ? { field: 'tenant_id' } : {}),
    ...(misnamed === undefined
      ? []
      : [
          finding(
            'tenant_header_misnamed',
            `There is a header ${quoted(misnamed.key)}; its name must be ${TENANT_HEADER}, in these letters.`,
          ),
        ]),
  ];
}

const looksLikeTenant = (key: string): boolean =>
  /^(?:x-?)?(?:weir-?)?tenant(?:-?id)?$/.test(
    key
      .slice(0, 40)
      .toLowerCase()
      .replaceAll(/[\s_.]/g, '-'),
  );

function unstorable(tenant: string, { written, words }: TenantEvidence): Finding {
  const where = written ? { field: 'tenant_id' } : {};
  const nul = tenant.indexOf('\0');
  if (nul >= 0)
    return finding(
      'tenant_unstorable',
      `The tenant ${quoted(tenant)} has a NUL after ${counted(nul, 'character')}.`,
      where,
    );
  const bytes = Buffer.byteLength(tenant);
  if (bytes > STORABLE.tenantBytes)
    return finding(
      'tenant_unstorable',
      `The tenant ${quoted(tenant)} has ${counted(bytes, 'byte')}; the store holds ${STORABLE.tenantBytes}.`,
      where,
    );
  return finding('nothing_found', `metrics-consumer says ${quoted(words)}, and no place of it was found.`);
}
