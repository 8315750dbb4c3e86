import {
  MappingType,
  SpecialValueMatch,
  type Threshold,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import * as units from '@grafana/grafana-foundation-sdk/units';

/** How a quantity is written, the same on every panel. */
export const UNITS = {
  bytes: units.BytesIEC,
  bytesPerSecond: units.BytesPerSecondIEC,
  cores: 'count:cores',
  count: units.Short,
  date: units.DateTimeFromNow,
  lost: 'count:lost',
  /** On axes, where the title says of what. */
  perSecond: 'count:/s',
  ratio: units.PercentUnit,
  records: 'count:records',
  recordsPerSecond: 'count:records/s',
  requestsPerSecond: 'count:requests/s',
  samplesPerSecond: 'count:samples/s',
  seconds: units.Seconds,
  state: units.NoUnit,
} as const;
export type Unit = keyof typeof UNITS;

/** Grafana's own colours, so that both of its themes show them well. */
export const COLOURS = {
  good: 'green',
  warning: 'orange',
  bad: 'red',
  calm: 'blue',
  quiet: 'text',
  special: 'purple',
} as const;
export type Colour = keyof typeof COLOURS;

/** What has a name of its own on graphs has one colour on all of them; series that a label names have it by the label. */
export const SERIES_COLOURS: Readonly<Record<string, Readonly<Record<string, Colour>>>> = {
  legend: {
    'taken in': 'calm',
    stored: 'good',
    settled: 'good',
    'dead-lettered': 'warning',
    refused: 'special',
    p50: 'good',
    p99: 'warning',
    'p99.9': 'bad',
  },
  outcome: {
    stored: 'good',
    dead_lettered: 'warning',
    gap: 'quiet',
    expired: 'bad',
    skipped: 'bad',
    applied: 'good',
    repeated: 'calm',
    failed_again: 'bad',
    published: 'good',
    answered: 'good',
  },
  state: { open: 'warning', replaying: 'calm', recovered: 'good', discarded: 'quiet' },
  result: { committed: 'good', aborted: 'warning', fenced: 'calm', unresolved: 'bad' },
  status: { success: 'good', failure: 'bad' },
  level: { warn: 'warning', error: 'bad', fatal: 'special' },
};

/** From which values on something deserves a look, and an action. */
export interface Limits {
  readonly warning?: number;
  readonly bad?: number;
  /** What is below a limit is wrong, as of members of a group; otherwise what is above. */
  readonly below?: boolean;
}

/** As Grafana wants them: ascending, the first without a value. */
export function thresholds({ warning, bad, below = false }: Limits): Threshold[] {
  if (!below) return [from(null, 'good'), ...upFrom(warning, 'warning'), ...upFrom(bad, 'bad')];
  if (warning === undefined) return [from(null, 'bad'), ...upFrom(bad, 'good')];
  const least = bad === undefined ? [from(null, 'warning')] : [from(null, 'bad'), from(bad, 'warning')];
  return [...least, from(warning, 'good')];
}

const from = (value: number | null, colour: Colour): Threshold => ({ value, color: COLOURS[colour] });
const upFrom = (value: number | undefined, colour: Colour): Threshold[] =>
  value === undefined ? [] : [from(value, colour)];

/** Words for values: `{ 0: ['down', 'bad'] }`. */
export function words(meanings: Readonly<Record<string, readonly [text: string, colour: Colour]>>): ValueMapping {
  const options = Object.fromEntries(
    Object.entries(meanings).map(([value, [text, colour]], index) => [value, { text, color: COLOURS[colour], index }]),
  );
  return { type: MappingType.ValueToText, options };
}

/** "No" instead of a figure below this one. */
export function noBelow(limit: number): ValueMapping {
  return {
    type: MappingType.RangeToText,
    options: { from: 0, to: limit, result: { text: 'No', color: COLOURS.good } },
  };
}

/**
 * Words for no value at all. Without them Grafana gives it the colour of the lowest threshold, which is green: who says nothing would
 * look like good news.
 */
export function silence(text: string, colour: Colour): ValueMapping {
  return {
    type: MappingType.SpecialValue,
    options: { match: SpecialValueMatch.NullAndNan, result: { text, color: COLOURS[colour] } },
  };
}
