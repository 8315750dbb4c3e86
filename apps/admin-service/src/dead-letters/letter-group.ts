import { errorPattern } from '@weir/kafka';

import type { Transaction } from '../database/database.js';
import type { LetterRow } from './letter-row.js';

interface Group {
  /** The newest. */
  sample: LetterRow;
  firstMs: number;
  lastMs: number;
  readonly versions: Set<string>;
}

/** Tells the groups of these letters that they have them. How many there are is counted by the database itself. */
export async function groupsOf(transaction: Transaction, rows: readonly LetterRow[]): Promise<void> {
  const groups = new Map<string, Group>();
  for (const row of rows) {
    const { fingerprint, routedAtMs, serviceVersion } = row;
    const group = groups.get(fingerprint) ?? {
      sample: row,
      firstMs: routedAtMs,
      lastMs: routedAtMs,
      versions: new Set(),
    };
    groups.set(fingerprint, group);
    group.firstMs = Math.min(group.firstMs, routedAtMs);
    if (routedAtMs >= group.lastMs) group.sample = row;
    group.lastMs = Math.max(group.lastMs, routedAtMs);
    group.versions.add(serviceVersion);
  }
  // In the order of the key, so that two writers never wait for each other in a circle.
  const given = [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (given.length === 0) return;
  await transaction.query(
    `INSERT INTO admin.dead_letter_groups AS known (fingerprint, class, reason, error, pattern, tenant_id, schema_id, first_seen, last_seen,
                                                    service_versions, sample_partition, sample_offset)
     SELECT fingerprint, class, reason, error, pattern, tenant_id, schema_id, first_seen, last_seen,
            ARRAY (SELECT jsonb_array_elements_text(versions)), sample_partition, sample_offset
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[], $8::timestamptz[], $9::timestamptz[],
                 $10::jsonb[], $11::int[], $12::bigint[])
       AS given (fingerprint, class, reason, error, pattern, tenant_id, schema_id, first_seen, last_seen, versions, sample_partition, sample_offset)
     ON CONFLICT (fingerprint) DO UPDATE SET
       first_seen = least(known.first_seen, excluded.first_seen),
       last_seen = greatest(known.last_seen, excluded.last_seen),
       sample_partition = CASE WHEN excluded.last_seen < known.last_seen THEN known.sample_partition ELSE excluded.sample_partition END,
       sample_offset = CASE WHEN excluded.last_seen < known.last_seen THEN known.sample_offset ELSE excluded.sample_offset END,
       service_versions = ARRAY (SELECT DISTINCT version FROM unnest(known.service_versions || excluded.service_versions) version ORDER BY 1)`,
    [
      given.map(([fingerprint]) => fingerprint),
      given.map(([, { sample }]) => sample.class),
      given.map(([, { sample }]) => sample.reason),
      given.map(([, { sample }]) => sample.error),
      given.map(([, { sample }]) => errorPattern(sample.error)),
      given.map(([, { sample }]) => sample.tenantId),
      given.map(([, { sample }]) => sample.schemaId),
      given.map(([, { firstMs }]) => new Date(firstMs)),
      given.map(([, { lastMs }]) => new Date(lastMs)),
      given.map(([, { versions }]) => JSON.stringify([...versions])),
      given.map(([, { sample }]) => sample.dlqPartition),
      given.map(([, { sample }]) => sample.dlqOffset),
    ],
  );
}
