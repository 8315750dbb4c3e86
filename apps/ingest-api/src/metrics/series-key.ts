import type { MetricEvent } from '@weir/avro';
import type { PackedBytes } from '@weir/kafka';
import { areSameNames } from '@weir/tenancy';

/** What makes a series. */
export type SeriesIdentity = Pick<MetricEvent, 'tenant_id' | 'name' | 'labels' | 'environment'>;

/** What a key is taken to need until the first ones were written. */
const FIRST_GUESS_BYTES = 128;
/** Room for keys longer than the average. */
const HEADROOM = 1.25;
const LAST_ASCII = 0x7f;
const [SPACE, QUOTE, BACKSLASH] = [0x20, 0x22, 0x5c];
/** The most bytes that one unit of UTF-16 takes in a key: U+0000 as JSON escapes it. */
const UNIT_BYTES = 6;

/**
 * Writes the keys of records in `metrics.raw`: `acme/http_requests_total{method="GET",path="/"}@"prod"`, in UTF-8.
 *
 * Equal for the same tenant, name, environment and labels in any order, and different otherwise: names and tenant ids have
 * none of the marks between them, and texts of the caller stand in quotes and escaped as JSON does. So one series stays
 * in one partition and in order, and an operator can read what it is.
 */
export class SeriesKeyWriter {
  private bytesPerKey = FIRST_GUESS_BYTES;

  /** One after the other into a buffer that is a new one at each call. */
  write(series: readonly SeriesIdentity[]): PackedBytes {
    const ends = new Uint32Array(series.length);
    const expected = (series.length * HEADROOM + UNIT_BYTES) * this.bytesPerKey;
    let bytes: Buffer = Buffer.allocUnsafe(Math.ceil(expected));
    let end = 0;
    for (let at = 0; at < series.length; at += 1) {
      const one = series[at]!;
      const order = orderOf(Object.keys(one.labels));
      const most = mostBytes(one, order);
      if (end + most > bytes.length) bytes = enlarged(bytes, end, most);
      end = writeKey(bytes, end, one, order);
      ends[at] = end;
    }
    if (series.length > 0) this.bytesPerKey = this.bytesPerKey * 0.9 + (end / series.length) * 0.1;
    return { bytes, ends };
  }
}

function mostBytes({ tenant_id, name, labels, environment }: SeriesIdentity, { sorted, marks }: LabelOrder): number {
  let units = tenant_id.length + name.length + (environment?.length ?? 0);
  for (let at = 0; at < sorted.length; at += 1) units += marks[at]!.length + labels[sorted[at]!]!.length;
  return MARKS_BYTES + sorted.length * QUOTES_BYTES + units * UNIT_BYTES;
}

const QUOTES_BYTES = 2;
/** `/`, `{`, `}`, `@` and the quotes of the environment. */
const MARKS_BYTES = 4 + QUOTES_BYTES;

function enlarged(bytes: Buffer, used: number, missing: number): Buffer {
  const larger = Buffer.allocUnsafe(Math.max(bytes.length * 2, used + missing));
  bytes.copy(larger, 0, 0, used);
  return larger;
}

/** Where it ends. There is room for it. */
function writeKey(bytes: Buffer, start: number, one: SeriesIdentity, { sorted, marks }: LabelOrder): number {
  const { labels, environment } = one;
  let end = writeText(bytes, start, one.tenant_id);
  end = writeText(bytes, end, '/');
  end = writeText(bytes, end, one.name);
  end = writeText(bytes, end, '{');
  for (let at = 0; at < sorted.length; at += 1) {
    end = writeText(bytes, end, marks[at]!);
    end = writeQuoted(bytes, end, labels[sorted[at]!]!);
  }
  end = writeText(bytes, end, '}');
  if (environment === null) return end;
  return writeQuoted(bytes, writeText(bytes, end, '@'), environment);
}

function writeText(bytes: Buffer, start: number, text: string): number {
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit > LAST_ASCII) return start + bytes.write(text, start);
    bytes[start + at] = unit;
  }
  return start + text.length;
}

function writeQuoted(bytes: Buffer, start: number, text: string): number {
  const from = start + 1;
  bytes[start] = QUOTE;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit > LAST_ASCII || unit < SPACE || unit === QUOTE || unit === BACKSLASH)
      return start + bytes.write(quoted(text), start);
    bytes[from + at] = unit;
  }
  bytes[from + text.length] = QUOTE;
  return from + text.length + 1;
}

/** Label names as a key has them. */
interface LabelOrder {
  readonly came: readonly string[];
  readonly sorted: readonly string[];
  /** What stands in front of each value: `a=`, and `,b=` from the second on. */
  readonly marks: readonly string[];
}

/** That of the labels before. Those of a batch mostly have the same names in the same order, and then need no sorting. */
let latest: LabelOrder = { came: [], sorted: [], marks: [] };

function orderOf(came: readonly string[]): LabelOrder {
  if (areSameNames(came, latest.came)) return latest;
  const sorted = [...came];
  sortByCodeUnits(sorted);
  latest = { came, sorted, marks: sorted.map((label, at) => `${at === 0 ? '' : ','}${label}=`) };
  return latest;
}

/**
 * In place, and the same on every machine, as an order by locale would not be. By insertion: labels are few and mostly in
 * order already, for which this takes a fifth of what Array.sort does.
 */
function sortByCodeUnits(names: string[]): void {
  for (let at = 1; at < names.length; at += 1) {
    const name = names[at] ?? '';
    let to = at;
    for (let before = names[to - 1]; to > 0 && before !== undefined && before > name; before = names[to - 1]) {
      names[to] = before;
      to -= 1;
    }
    names[to] = name;
  }
}

// JSON.stringify escapes a lone surrogate also where a text needs no other escape.
// oxlint-disable-next-line no-control-regex
const NEEDS_ESCAPE = /["\\\u0000-\u001f]/;

function quoted(text: string): string {
  return NEEDS_ESCAPE.test(text) ? JSON.stringify(text) : `"${text}"`;
}
