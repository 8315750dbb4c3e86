import {
  GraphDrawStyle,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  LineInterpolation,
  ScaleDistribution,
  ScaleDistributionConfigBuilder,
  StackingConfigBuilder,
  StackingMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { FieldColorModeId } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

import { type Link, linkOf } from '../links.js';
import { type Colour, type Limits, SERIES_COLOURS } from '../theme.js';
import {
  allSeries,
  coloured,
  colouredBy,
  drafted,
  furnish,
  limited,
  type PanelDraft,
  type PanelOptions,
  type Query,
} from './panel.js';

export interface TimeSeriesOptions extends PanelOptions {
  readonly queries: readonly Query[];
  readonly limits?: Limits;
  /** Parts of one whole are stacked. */
  readonly stacked?: boolean;
  readonly max?: number;
  /** The axis goes up to here at least, so that noise does not look large. */
  readonly atLeast?: number;
  /** Where milliseconds and days are on one axis. */
  readonly logarithmic?: boolean;
  /** Legend as a table with the last and the largest value, on the right. */
  readonly table?: boolean;
  /** Where a click on a series leads. */
  readonly seriesLinks?: readonly Link[];
}

/** What happened when. Names of outcomes have their own colours. */
export function timeSeries(options: TimeSeriesOptions): PanelDraft {
  const {
    queries,
    limits,
    stacked = false,
    max,
    atLeast,
    logarithmic = false,
    table = false,
    seriesLinks = [],
  } = options;
  const legend = new VizLegendOptionsBuilder().showLegend(true);
  const panel = furnish(new PanelBuilder(), options, queries, 'range')
    .colorScheme(colouredBy(FieldColorModeId.PaletteClassicByName))
    .drawStyle(GraphDrawStyle.Line)
    .lineInterpolation(LineInterpolation.Linear)
    .lineWidth(stacked ? 0 : 1)
    .fillOpacity(stacked ? 60 : 8)
    .showPoints(VisibilityMode.Never)
    // A scrape that was missed is no interruption; a minute without any is.
    .spanNulls(60_000)
    .min(0)
    .tooltip(allSeries())
    .legend(
      table
        ? legend.displayMode(LegendDisplayMode.Table).placement(LegendPlacement.Right).calcs(['lastNotNull', 'max'])
        : legend.displayMode(LegendDisplayMode.List).placement(LegendPlacement.Bottom),
    )
    .dataLinks(seriesLinks.map((link) => linkOf(link)));
  if (stacked) panel.stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'));
  if (max !== undefined) panel.max(max);
  if (atLeast !== undefined) panel.axisSoftMax(atLeast);
  if (logarithmic)
    panel.scaleDistribution(new ScaleDistributionConfigBuilder().type(ScaleDistribution.Log).log(10)).min(0.001);
  if (limits !== undefined)
    panel
      .thresholds(limited(limits))
      .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  for (const [name, colour] of queries.flatMap(coloursOf)) panel.overrideByName(name, [coloured(colour)]);
  return drafted(panel, options, queries);
}

/** Of the series of a query, by their names. */
function coloursOf({ legend = '' }: Query): [name: string, colour: Colour][] {
  const own = SERIES_COLOURS['legend']?.[legend];
  if (own !== undefined) return [[legend, own]];
  const label = /^\{\{(?<label>\w+)\}\}$/.exec(legend)?.groups?.['label'] ?? '';
  return Object.entries(SERIES_COLOURS[label] ?? {});
}
