import { ValidationError } from '@weir/errors';
import {
  type AggregateQuery,
  type Aggregation,
  aggregations,
  type PointsQuery,
  type SeriesFilter,
} from '@weir/metrics-store';

import { limitOf } from '../http/limit.js';
import { Parameters, type RawQuery } from '../http/parameters.js';
import { durationOf, givenRangeOf, timeRangeOf } from '../http/time.js';

/** Items in a page of any answer: the most, and what one gets without asking. */
export const PAGE = { most: 100, usual: 100 } as const;

const MAX_GROUPING_LABELS = 16;

/** Who asks, when, and for how long: what the query string has no say in. */
export interface Asker {
  readonly tenantId: string;
  readonly nowMs: number;
  /** Is aborted, with what to reject with, where nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

type AskerOfQuestion = Pick<Asker, 'tenantId' | 'nowMs'>;

/** `name`, `from`, `to`, `environment`, `label.*`, `limit` and `cursor`. Throws ValidationError. */
export function pointsQuestion({ tenantId, nowMs }: AskerOfQuestion, raw: RawQuery): PointsQuery {
  const parameters = new Parameters(raw);
  const name = parameters.required('name');
  const page = pageOf(parameters);
  const range = page.cursor === undefined ? timeRangeOf(parameters, nowMs) : givenRangeOf(parameters);
  const question = { ...filterOf(tenantId, parameters), name, ...range, ...page };
  parameters.finish();
  return question;
}

/** `name`, `from`, `to`, `step`, `agg`, `by`, `environment` and `label.*`. Throws ValidationError. */
export function aggregateQuestion({ tenantId, nowMs }: AskerOfQuestion, raw: RawQuery): AggregateQuery {
  const parameters = new Parameters(raw);
  const name = parameters.required('name');
  const range = timeRangeOf(parameters, nowMs);
  const stepMs = durationOf('step', parameters.required('step'));
  const agg = aggregationOf(parameters.required('agg'));
  const by = groupingOf(parameters.optional('by'));
  const question = { ...filterOf(tenantId, parameters), name, ...range, stepMs, agg, by };
  parameters.finish();
  return question;
}

/** A page of a list: `name` where the list may be narrowed by it, `environment`, `label.*`, `limit` and `cursor`. */
export function listQuestion(
  { tenantId }: AskerOfQuestion,
  raw: RawQuery,
): SeriesFilter & { limit: number; cursor?: string } {
  const parameters = new Parameters(raw);
  const name = parameters.optional('name');
  const question = {
    ...filterOf(tenantId, parameters),
    ...(name === undefined ? {} : { name }),
    ...pageOf(parameters),
  };
  parameters.finish();
  return question;
}

/** An empty `environment` asks for series without one. */
function filterOf(tenantId: string, parameters: Parameters): SeriesFilter {
  const environment = parameters.optionalOrEmpty('environment');
  return {
    tenantId,
    ...(environment === undefined ? {} : { environment: environment === '' ? null : environment }),
    labels: parameters.labels(),
  };
}

function pageOf(parameters: Parameters): { limit: number; cursor?: string } {
  const cursor = parameters.optional('cursor');
  return { limit: limitOf(parameters, PAGE), ...(cursor === undefined ? {} : { cursor }) };
}

function aggregationOf(text: string): Aggregation {
  const agg = aggregations.find((known) => known === text);
  if (agg === undefined)
    throw new ValidationError('aggregation_unknown', `\`agg\` must be one of ${aggregations.join(', ')}.`);
  return agg;
}

/** Label names separated by commas, as a label's name has none. */
function groupingOf(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  const names = text.split(',');
  if (names.includes('') || new Set(names).size !== names.length || names.length > MAX_GROUPING_LABELS)
    throw new ValidationError(
      'grouping_unreadable',
      `\`by\` must be up to ${MAX_GROUPING_LABELS} different label names separated by commas.`,
    );
  return names;
}
