import { FRAME_BYTES } from '@weir/avro';

import { type Finding, finding, quoted } from './finding.js';
import { ownVersionOf } from './own-metric.js';
import type { WriterSchemas } from './registry-schemas.js';
import { jsonBody } from './text.js';

/** Why the registry may not have the id in a frame: what else those bytes could be, and what the body is. */
export async function examineUnknownSchema(value: Buffer, id: number, schemas: WriterSchemas): Promise<Finding[]> {
  if (id === 0) return [schemaZero(), ...(await apicurioFrame(value, schemas))];
  const own = await schemas.ownIds();
  const neighbours =
    own.length === 0 ? '' : ` Weir’s own for metrics ${own.length === 1 ? 'is' : 'are'} ${listed(own)}.`;
  const findings = [
    finding('schema_unknown', `Schema ${id} (bytes 1 to 4) is not in the registry.${neighbours}${textIn(value)}`, {
      byte: 1,
    }),
    ...(await swapped(id, schemas)),
    ...jsonBody(value, FRAME_BYTES),
  ];
  const version = ownVersionOf(value, FRAME_BYTES);
  if (version !== null)
    findings.push(
      finding(
        'other_registry',
        `The body after the frame reads as a MetricEvent ${version}, so only the id is wrong: it may be another registry’s, or the schema is not registered here yet.`,
        { byte: FRAME_BYTES },
      ),
    );
  return findings;
}

function schemaZero(): Finding {
  return finding('schema_id_zero', 'The frame names schema 0 (bytes 1 to 4 are 0x00), which no registry gives out.', {
    byte: 1,
  });
}

const APICURIO_FRAME_BYTES = 9;

async function apicurioFrame(value: Buffer, schemas: WriterSchemas): Promise<Finding[]> {
  if (value.length < APICURIO_FRAME_BYTES) return [];
  const id = value.readUInt32BE(FRAME_BYTES);
  const version = ownVersionOf(value, APICURIO_FRAME_BYTES);
  if (id === 0 || (version === null && (await schemas.find(id)).kind !== 'known')) return [];
  const body = version === null ? '' : `, and a MetricEvent ${version} follows`;
  const words = `Bytes 1 to 8 are the number ${id} in 64 bits${body}: Apicurio’s serializers write ids so, unless apicurio.registry.as-confluent is on.`;
  return [finding('apicurio_frame', words, { byte: 1 })];
}

async function swapped(id: number, schemas: WriterSchemas): Promise<Finding[]> {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(id);
  const opposite = bytes.readUInt32BE();
  if (opposite === id || opposite >= id || (await schemas.find(opposite)).kind !== 'known') return [];
  const words = `Read in the opposite order bytes 1 to 4 are schema ${opposite}, which the registry has: the id was written little-endian.`;
  return [finding('schema_id_swapped', words, { byte: 1 })];
}

/** The bytes of an id that is none may be those of a text after a byte 0. */
function textIn(value: Buffer): string {
  const id = value.subarray(1, FRAME_BYTES);
  const visible =
    id.every((byte) => byte === 0 || (byte >= 0x20 && byte < 0x7f)) && id.filter((byte) => byte > 0).length > 1;
  return visible ? ` As text those bytes are ${quoted(id.toString('latin1'))}, so this may be no frame at all.` : '';
}

function listed(ids: readonly number[]): string {
  if (ids.length === 1) return String(ids[0]);
  return `${ids.slice(0, -1).join(', ')} and ${ids.at(-1)}`;
}
