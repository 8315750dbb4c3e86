import { isUtf8 } from 'node:buffer';

import { messageOf } from '@weir/errors';

import { isTooComplex, marksAllowed } from './json-guard.js';
import type { PayloadFormat } from './payload-format.js';
import { RequestRefused } from './problems.js';

/**
 * The items of a body, each still unchecked: one metric, an array, `{"metrics": […]}`, or a metric a line.
 *
 * Always one item or more, and at most `maxSamples`. Of a member that an object names twice the later one stands, as JSON.parse
 * has it. Throws RequestRefused `invalid_utf8`, `invalid_json`, `json_too_complex`, `too_many_samples`, `envelope_invalid` or `empty`.
 */
export function parsePayload(body: Buffer, format: PayloadFormat, maxSamples: number): readonly unknown[] {
  if (!isUtf8(body)) throw new RequestRefused('invalid_utf8');
  if (isTooComplex(body, marksAllowed(maxSamples))) throw new RequestRefused('json_too_complex');
  const text = body.toString('utf8', hasByteOrderMark(body) ? 3 : 0);
  const items = format === 'json' ? itemsOf(text) : itemsOfLines(text, maxSamples);
  if (items.length === 0) throw new RequestRefused('empty');
  if (items.length > maxSamples)
    throw new RequestRefused('too_many_samples', `There are ${items.length} samples, and ${maxSamples} is the limit.`);
  return items;
}

function itemsOf(text: string): readonly unknown[] {
  if (isBlank(text)) return [];
  const root = parseJson(text, 'The body');
  if (Array.isArray(root)) return root;
  if (typeof root !== 'object' || root === null || !('metrics' in root)) return [root];
  const { metrics } = root;
  if (!Array.isArray(metrics)) throw new RequestRefused('envelope_invalid', '`metrics` is not an array.');
  if (Object.keys(root).length > 1) throw new RequestRefused('envelope_invalid', 'There are members beside `metrics`.');
  return metrics;
}

/** Blank lines count for nothing. A line that is not JSON refuses the request: whatever wrote it may have cut others too. */
function itemsOfLines(text: string, maxSamples: number): readonly unknown[] {
  const items: unknown[] = [];
  let lineNumber = 0;
  for (let from = 0; from < text.length;) {
    const newline = text.indexOf('\n', from);
    const to = newline === -1 ? text.length : newline;
    const line = text.slice(from, to);
    lineNumber += 1;
    from = to + 1;
    if (isBlank(line)) continue;
    items.push(parseJson(line, `Line ${lineNumber}`));
    if (items.length > maxSamples)
      throw new RequestRefused('too_many_samples', `There are more than ${maxSamples} samples.`);
  }
  return items;
}

const MAX_DETAIL_LENGTH = 300;

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const detail = `${what} is not JSON: ${messageOf(error)}`;
    throw new RequestRefused('invalid_json', detail.slice(0, MAX_DETAIL_LENGTH));
  }
}

function isBlank(text: string): boolean {
  return text.trim() === '';
}

/** RFC 8259, section 8.1, lets a reader pass over one; some systems can't write a file without. */
function hasByteOrderMark(body: Buffer): boolean {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;
}
