/**
 * The id that Kafka gives a topic when it is made (KIP-516), as a UUID in its canonical form: 8-4-4-4-12 in lower case, as
 * PostgreSQL's type `uuid` shows it. Kafka's own tools print the same 128 bits in base64url.
 */
export function topicUuid(mostSignificantBits: bigint, leastSignificantBits: bigint): string {
  const all = hex(mostSignificantBits) + hex(leastSignificantBits);
  return [all.slice(0, 8), all.slice(8, 12), all.slice(12, 16), all.slice(16, 20), all.slice(20)].join('-');
}

const hex = (bits: bigint): string => BigInt.asUintN(64, bits).toString(16).padStart(16, '0');
