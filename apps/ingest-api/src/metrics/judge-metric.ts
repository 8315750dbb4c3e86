import type { MetricEvent } from '@weir/avro';
import { parseRfc3339 } from '@weir/nest-service';
import {
  areLabelNames,
  isLabelName,
  isMetricName,
  isReservedLabelName,
  isStorableText,
  type SampleLimits,
} from '@weir/tenancy';

import { Rejection } from './rejections.js';

/** What one request's samples are judged by. Times in epoch milliseconds. */
export interface JudgingRules {
  readonly tenantId: string;
  readonly limits: SampleLimits;
  readonly nowMs: number;
}

/**
 * One item of a body as the event to be sent, or why it is refused. Never throws, whatever the item is.
 *
 * Written by hand because it runs for each sample: libraries that check as much take several times as long.
 */
export function judgeMetric(item: unknown, rules: JudgingRules): MetricEvent | Rejection {
  if (!isObject(item)) return new Rejection('not_an_object', `A metric is an object, and this is ${kindOf(item)}.`);
  for (const field in item)
    if (!isField(field)) return new Rejection('unknown_field', `A metric has no member ${shown(field)}.`);

  const { name, value, timestamp, labels, environment } = item;
  const { limits } = rules;
  if (typeof name !== 'string' || !isMetricName(name))
    return new Rejection('name_invalid', `\`name\` is ${shown(name)}; it must match [a-zA-Z_:][a-zA-Z0-9_:]*.`);
  if (name.length > limits.maxNameLength)
    return new Rejection(
      'name_too_long',
      `\`name\` has ${name.length} characters; ${limits.maxNameLength} is the limit.`,
    );
  if (typeof value !== 'number' || !Number.isFinite(value))
    return new Rejection('value_invalid', `\`value\` is ${shown(value)}; it must be a finite number.`);
  const timestampMs = judgeTimestamp(timestamp, rules);
  if (typeof timestampMs !== 'number') return timestampMs;
  const judgedLabels = judgeLabels(labels, limits);
  if (judgedLabels instanceof Rejection) return judgedLabels;
  const judgedEnvironment = judgeEnvironment(environment);
  if (judgedEnvironment instanceof Rejection) return judgedEnvironment;

  return {
    name,
    value,
    timestamp: timestampMs,
    labels: judgedLabels,
    environment: judgedEnvironment,
    tenant_id: rules.tenantId,
    ingested_at: rules.nowMs,
  };
}

type Labels = MetricEvent['labels'];

const NO_LABELS: Labels = Object.freeze({});
/** Of all label names and values together, so that a record of the largest labels allowed still fits into its topic. */
const MAX_LABELS_LENGTH = 32_768;
const MAX_ENVIRONMENT_LENGTH = 255;
/** Early 1973 in milliseconds, and the year 5138 in seconds: a number below it that is a time of today counts seconds. */
const LOOKS_LIKE_SECONDS_BELOW = 100_000_000_000;

function isField(name: string): boolean {
  switch (name) {
    case 'name':
    case 'value':
    case 'timestamp':
    case 'labels':
    case 'environment':
      return true;
    default:
      return false;
  }
}

function judgeTimestamp(timestamp: unknown, { limits, nowMs }: JudgingRules): number | Rejection {
  if (timestamp === undefined || timestamp === null)
    return new Rejection('timestamp_missing', '`timestamp` is missing; send epoch milliseconds or RFC 3339.');
  const ms = typeof timestamp === 'string' ? parseRfc3339(timestamp) : timestamp;
  if (typeof ms !== 'number' || !Number.isSafeInteger(ms))
    return new Rejection(
      'timestamp_invalid',
      `\`timestamp\` is ${shown(timestamp)}; send epoch milliseconds as an integer, or RFC 3339 with an offset.`,
    );
  if (ms < nowMs - limits.pastWindowMs) {
    const hint = ms > 0 && ms < LOOKS_LIKE_SECONDS_BELOW ? ' It looks like seconds; send milliseconds.' : '';
    return new Rejection(
      'timestamp_too_old',
      `\`timestamp\` ${shown(timestamp)} is older than ${inDays(limits.pastWindowMs)} days.${hint}`,
    );
  }
  if (ms > nowMs + limits.futureWindowMs)
    return new Rejection(
      'timestamp_too_new',
      `\`timestamp\` ${shown(timestamp)} is more than ${limits.futureWindowMs / 60_000} minutes ahead of ${new Date(nowMs).toISOString()}.`,
    );
  return ms;
}

function judgeLabels(labels: unknown, limits: SampleLimits): Labels | Rejection {
  if (labels === undefined || labels === null) return NO_LABELS;
  if (!isObject(labels))
    return new Rejection('labels_invalid', `\`labels\` is ${kindOf(labels)}; it must be an object.`);
  const names = Object.keys(labels);
  if (names.length > limits.maxLabels)
    return new Rejection('labels_too_many', `There are ${names.length} labels; ${limits.maxLabels} is the limit.`);
  const wellNamed = areLabelNames(names);
  let totalLength = 0;
  for (const name of names) {
    if (!wellNamed && !isLabelName(name))
      return new Rejection('label_name_invalid', `The label name ${shown(name)} must match [a-zA-Z_][a-zA-Z0-9_]*.`);
    const length = judgeLabel(name, labels[name], limits);
    if (typeof length !== 'number') return length;
    totalLength += length;
  }
  if (totalLength > MAX_LABELS_LENGTH)
    return new Rejection(
      'labels_too_large',
      `The labels have ${totalLength} characters; ${MAX_LABELS_LENGTH} is the limit.`,
    );
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every value was just seen to be a string
  return labels as Labels;
}

/** How long name and value are together, or why the label is refused. Its name is one that Prometheus allows. */
function judgeLabel(name: string, value: unknown, limits: SampleLimits): number | Rejection {
  if (isReservedLabelName(name))
    return new Rejection('label_reserved', `The label name ${shown(name)} starts with "__", which is reserved.`);
  if (name.length > limits.maxLabelNameLength)
    return new Rejection(
      'label_name_too_long',
      `The label name ${shown(name)} has ${name.length} characters; ${limits.maxLabelNameLength} is the limit.`,
    );
  if (typeof value !== 'string')
    return new Rejection('label_value_invalid', `The label ${shown(name)} is ${shown(value)}; it must be a string.`);
  if (value.length > limits.maxLabelValueLength)
    return new Rejection(
      'label_value_too_long',
      `The label ${shown(name)} has ${value.length} characters; ${limits.maxLabelValueLength} is the limit.`,
    );
  if (!isStorableText(value))
    return new Rejection('label_value_invalid', `The label ${shown(name)} holds a NUL or half of a surrogate pair.`);
  return name.length + value.length;
}

function judgeEnvironment(environment: unknown): string | null | Rejection {
  if (environment === undefined || environment === null) return null;
  if (typeof environment !== 'string' || environment === '')
    return new Rejection('environment_invalid', `\`environment\` is ${shown(environment)}; it must be text or null.`);
  if (environment.length > MAX_ENVIRONMENT_LENGTH)
    return new Rejection(
      'environment_too_long',
      `\`environment\` has ${environment.length} characters; ${MAX_ENVIRONMENT_LENGTH} is the limit.`,
    );
  if (!isStorableText(environment))
    return new Rejection('environment_invalid', '`environment` holds a NUL or half of a surrogate pair.');
  return environment;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const SHOWN_LENGTH = 60;

/** A value of the caller for a sentence: never long, never nested, never with a control character in it. */
function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'string')
    return value.length <= SHOWN_LENGTH ? JSON.stringify(value) : `${JSON.stringify(value.slice(0, SHOWN_LENGTH))}…`;
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  return kindOf(value);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function inDays(ms: number): number {
  return Math.round((ms / 86_400_000) * 100) / 100;
}
