import { isUtf8 } from 'node:buffer';

import { type Decoded, decodedJson, decodedText } from './decoded.js';
import { counted, type Finding, type FindingCode, finding, hexByte } from './finding.js';
import { ownVersionOf } from './own-metric.js';

/** What a value is that can be read as text. */
export interface ReadText {
  readonly findings: readonly Finding[];
  readonly decoded: Decoded;
}

/** JSON beyond this is shown as text: reading it would take longer than whoever looks at a record waits. */
const MAX_JSON_BYTES = 1024 * 1024;
const LOOKED_AT = 4_096;
const BYTE_ORDER_MARK = '\uFEFF';

/** Null for a value that is no text: not UTF-8, or with control characters near its beginning. `whole`: whether it ends where it ended. */
export function readText(value: Buffer, whole: boolean): ReadText | null {
  if (value.length === 0 || !isUtf8(whole ? value : wholeCharacters(value))) return null;
  const text = value.toString('utf8');
  const looked = text.slice(0, LOOKED_AT);
  if (CONTROL.test(looked)) return null;
  const start = looked.replace(BYTE_ORDER_MARK, '').trimStart();
  if (start.startsWith('{') || start.startsWith('[')) return readJson(text, value);
  const decoded = decodedText(text);
  if (/^<[?!a-zA-Z]/.test(start)) return { findings: [begins(value, 'xml', 'XML or HTML')], decoded };
  const encoding = whole ? encodedFrame(start, text) : null;
  if (encoding !== null) {
    const words = `The value is text, which is ${encoding} of bytes that begin with 0x00 as a Confluent frame does: write the bytes themselves.`;
    return { findings: [finding('encoded_frame', words, { byte: 0 })], decoded };
  }
  return { findings: [begins(value, 'text', formatOf(start))], decoded };
}

/** Everything below the space but tab, line feed and carriage return. */
// oxlint-disable-next-line no-control-regex -- these are what is looked for
const CONTROL = /[\0-\u0008\u000B\u000C\u000E-\u001F\u007F]/;

/** A beginning may end within a character of up to four bytes. */
function wholeCharacters(value: Buffer): Buffer {
  for (let cut = 0; cut < 4; cut += 1) {
    const shorter = value.subarray(0, value.length - cut);
    if (isUtf8(shorter)) return shorter;
  }
  return value;
}

function begins(value: Buffer, code: FindingCode, what: string): Finding {
  const [first = 0] = value;
  return finding(
    code,
    `First byte is ${hexByte(first)}, which begins ${what}, where a Confluent frame begins with 0x00.`,
    {
      byte: 0,
    },
  );
}

function readJson(text: string, value: Buffer): ReadText {
  const parsed = value.length > MAX_JSON_BYTES ? undefined : parse(text.replace(BYTE_ORDER_MARK, ''));
  if (parsed === undefined)
    return { findings: [begins(value, 'json', 'JSON, though it is not whole')], decoded: decodedText(text) };
  return { findings: [begins(value, 'json', 'JSON'), ...shapeOf(parsed)], decoded: decodedJson(parsed) };
}

/** Undefined where the text is not JSON to its last character. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // SyntaxError is all that it throws
  }
}

/** A body of JSON after a frame, as Confluent's JSON Schema serializer writes it; empty where it is none. */
export function jsonBody(value: Buffer, from: number): Finding[] {
  const isOpened = value[from] === 0x7b || value[from] === 0x5b;
  if (!isOpened || value.length > MAX_JSON_BYTES || parse(value.toString('utf8', from)) === undefined) return [];
  const words = `After the frame, from byte ${from} on, which is ${hexByte(value[from] ?? 0)}, the body is JSON: a serializer of JSON Schema wrote it.`;
  return [finding('json', words, { byte: from })];
}

function shapeOf(parsed: unknown): Finding[] {
  const one: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
  if (typeof one !== 'object' || one === null) return [];
  const has = (...names: string[]): boolean => names.every((name) => Object.hasOwn(one, name));
  if (has('dlq_metadata', 'source'))
    return [
      finding(
        'dead_letter_as_value',
        'It has `dlq_metadata` and `source`: a dead letter, written back as it stands. A replay writes the record that is inside of it instead.',
      ),
    ];
  if (has('schema', 'payload'))
    return [
      finding(
        'connect_json',
        'It has `schema` and `payload`: Kafka Connect’s JsonConverter. Use its Avro converter instead.',
      ),
    ];
  if (has('name', 'value', 'timestamp') || has('metrics'))
    return [
      finding(
        'metric_as_json',
        'It is a metric as POST /api/v1/metrics takes it: post it to ingest-api, which writes it as Avro.',
      ),
    ];
  return [];
}

/** In what form a text holds a frame with a body that is a metric's or of a small schema id; null where it does not. */
function encodedFrame(start: string, text: string): 'hexadecimal' | 'base64' | null {
  if (text.length > MAX_JSON_BYTES) return null;
  const bare = text.trim().replaceAll(/^"|"$/g, '');
  if (/^(?:0x)?00[0-9a-f]{8,}$/i.test(bare) && isFrame(Buffer.from(bare.replace(/^0x/i, ''), 'hex')))
    return 'hexadecimal';
  return /^"?AA/.test(start) && /^[A-Za-z0-9+/_-]+={0,2}$/.test(bare) && isFrame(Buffer.from(bare, 'base64'))
    ? 'base64'
    : null;
}

const MOST_IDS = 1_000_000;

const isFrame = (bytes: Buffer): boolean =>
  bytes.length > 5 && bytes[0] === 0 && (bytes.readUInt32BE(1) < MOST_IDS || ownVersionOf(bytes, 5) !== null);

/** How metrics look as text; tried on the first line alone. */
const FORMATS: readonly (readonly [RegExp, string])[] = [
  [/^# (?:HELP|TYPE) /, 'Prometheus’ text format'],
  [/^[a-zA-Z_:][\w:]*(?:\{[^}]*\})? (?:[-+]?[\d.]+(?:e[-+]?\d+)?|NaN|[-+]?Inf)(?: \d+)?$/i, 'Prometheus’ text format'],
  [/^[\w.-]+:[-+]?[\d.]+\|(?:c|g|ms|h|s|d)\b/, 'a metric of StatsD'],
  [/^[\w.-]+(?:,[^\s,=]+=[^\s,=]+)* [^\s,=]+=[^\s,]+(?:,[^\s,=]+=[^\s,]+)*(?: \d+)?$/, 'InfluxDB’s line protocol'],
];
const LONGEST_LINE = 300;

function formatOf(start: string): string {
  const line = start.slice(0, LONGEST_LINE).split(/\r?\n/, 1)[0] ?? '';
  const format = FORMATS.find(([pattern]) => pattern.test(line))?.[1];
  return `${format ?? 'a text'} (${counted(line.length, 'character')} in its first line)`;
}
