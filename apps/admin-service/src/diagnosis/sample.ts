import { type BodyInspection, type MetricEvent } from '@weir/avro';
import {
  isLabelName,
  isMetricName,
  isReservedLabelName,
  labelBytesOf,
  type SampleFault,
  sampleFaultOf,
  STORABLE,
} from '@weir/tenancy';

import { counted, type Finding, finding, quoted } from './finding.js';
import { examineTimestamp } from './timestamp.js';

/** A decoded record, and where in its bytes its fields are. */
export interface DecodedSample {
  readonly event: MetricEvent;
  readonly value: Buffer;
  readonly offsets: BodyInspection['offsets'];
  /** Epoch milliseconds at which the record was appended. */
  readonly appendedMs: number;
}

/** What the rules of the store say to a sample. */
export interface ExaminedSample {
  /** The first rule that it breaks, as metrics-consumer goes through them; undefined where it would be stored. */
  readonly fault: SampleFault | undefined;
  /** Everything that is wrong with it, then what is only worth knowing. */
  readonly findings: readonly Finding[];
}

const MAX_LABELS_NAMED = 10;

export function examineSample(sample: DecodedSample): ExaminedSample {
  const { event, offsets, appendedMs } = sample;
  const fault = sampleFaultOf(event);
  const timestamp = examineTimestamp(event, appendedMs, offsets.get('timestamp'));
  const refusing = {
    name: nameFindings(sample),
    value: valueFindings(sample),
    timestamp: timestamp.refusing,
    labels: [...labelFindings(sample), ...environmentFindings(sample)],
  };
  const found = [...refusing.name, ...refusing.value, ...refusing.timestamp, ...refusing.labels];
  if (fault !== undefined && refusing[fault[0]].length === 0)
    found.unshift(finding('nothing_found', `metrics-consumer says ${quoted(fault[1])}, and no place of it was found.`));
  return { fault, findings: [...found, ...timestamp.hints, ...reservedLabels(event)] };
}

function nameFindings({ event: { name }, offsets }: DecodedSample): Finding[] {
  const field = 'name';
  const start = offsets.get(field);
  if (name === '') return [finding('name_empty', 'The metric’s name is empty.', { field, byte: start })];
  if (!isMetricName(name)) {
    const at = legalLength(name, isMetricName);
    const words = `The name ${quoted(name)} has ${character(name, at)} as its ${ordinal(at)} character; ${at === 0 ? 'a name begins with a letter, _ or :' : 'letters, digits, _ and : are legal'}.`;
    return [finding('name_illegal', words, { field, byte: start === undefined ? undefined : start + at })];
  }
  if (name.length <= STORABLE.nameBytes) return [];
  const words = `The name ${quoted(name)} has ${counted(name.length, 'byte')}; the store holds ${STORABLE.nameBytes}.`;
  return [finding('name_too_long', words, { field })];
}

function valueFindings({ event, value, offsets }: DecodedSample): Finding[] {
  if (Number.isFinite(event.value)) return [];
  const byte = offsets.get('value');
  const stale = byte !== undefined && value.toString('hex', byte, byte + 8) === STALE_NAN_HEX;
  const words = `Field value: ${event.value}${stale ? ', the one that Prometheus writes where a series went stale' : ''}. A value is a finite number.`;
  return [finding('value_not_finite', words, { byte, field: 'value' })];
}

/** Prometheus' staleness marker, 0x7ff0000000000002, in little-endian (prometheus/model/value). */
const STALE_NAN_HEX = '020000000000f07f';

function labelFindings({ event: { labels }, offsets }: DecodedSample): Finding[] {
  const findings: Finding[] = [];
  const names = Object.keys(labels);
  if (names.length > STORABLE.labels)
    findings.push(
      finding('labels_too_many', `There are ${names.length} labels; the store holds ${STORABLE.labels}.`, {
        field: 'labels',
      }),
    );
  for (const name of names) {
    if (findings.length === MAX_LABELS_NAMED) break;
    const field = `labels.${name}`;
    if (!isLabelName(name)) findings.push(finding('label_name_illegal', labelNameWords(name), { field }));
    const nul = (labels[name] ?? '').indexOf('\0');
    if (nul >= 0) findings.push(nulFinding(labels[name] ?? '', nul, field, offsets.get(field)));
  }
  const bytes = labelBytesOf(labels);
  if (bytes > STORABLE.labelBytes)
    findings.push(
      finding('labels_too_long', `The labels have ${bytes} bytes together; the store holds ${STORABLE.labelBytes}.`, {
        field: 'labels',
      }),
    );
  return findings;
}

function labelNameWords(name: string): string {
  if (name === '') return 'A label has an empty name.';
  const at = legalLength(name, isLabelName);
  const rule = at === 0 ? 'a label’s name begins with a letter or _' : 'letters, digits and _ are legal';
  return `The label name ${quoted(name)} has ${character(name, at)} as its ${ordinal(at)} character; ${rule}.`;
}

function environmentFindings({ event: { environment }, offsets }: DecodedSample): Finding[] {
  const field = 'environment';
  const findings: Finding[] = [];
  const nul = environment?.indexOf('\0') ?? -1;
  if (nul >= 0) findings.push(nulFinding(environment ?? '', nul, field, offsets.get(field)));
  const bytes = Buffer.byteLength(environment ?? '');
  if (bytes > STORABLE.nameBytes)
    findings.push(
      finding('labels_too_long', `The environment has ${bytes} bytes; the store holds ${STORABLE.nameBytes}.`, {
        field,
      }),
    );
  return findings;
}

/** The text itself is not quoted: values of labels may be anybody's. */
function nulFinding(text: string, at: number, field: string, start: number | undefined): Finding {
  const byte = start === undefined ? undefined : start + Buffer.byteLength(text.slice(0, at));
  const words = `${quoted(field)} holds a NUL as its ${ordinal(at)} character, which PostgreSQL’s text cannot.`;
  return finding('label_value_illegal', words, { byte, field });
}

function reservedLabels({ labels }: MetricEvent): Finding[] {
  const name = Object.keys(labels).find(isReservedLabelName);
  if (name === undefined) return [];
  const words = `The label name ${quoted(name)} begins with two underscores: ingest-api would have refused it, so something else wrote the record.`;
  return [finding('label_reserved', words, { field: `labels.${name}` })];
}

/** How many characters from the start are legal: what begins a legal name is one itself, so halving finds the first that is not. */
function legalLength(name: string, isLegal: (text: string) => boolean): number {
  let legal = 0;
  let illegal = name.length;
  while (illegal - legal > 1) {
    const middle = (legal + illegal) >> 1;
    if (isLegal(name.slice(0, middle))) legal = middle;
    else illegal = middle;
  }
  return legal;
}

const character = (text: string, at: number): string => quoted(String.fromCodePoint(text.codePointAt(at) ?? 0));

function ordinal(at: number): string {
  const n = at + 1;
  const teen = n % 100 > 10 && n % 100 < 14;
  return `${n}${teen ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th')}`;
}
