import {
  LegendDisplayMode,
  LegendPlacement,
  VisibilityMode,
  VizLegendOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { FieldColorModeId, type ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';

import { allSeries, colouredBy, drafted, furnish, type PanelDraft, type PanelOptions, type Query } from './panel.js';

export interface TimelineOptions extends PanelOptions {
  readonly queries: readonly Query[];
  /** What each value means. */
  readonly mappings: readonly ValueMapping[];
}

/** Which state something was in, and when: one row for each series. */
export function timeline(options: TimelineOptions): PanelDraft {
  const panel = furnish(new PanelBuilder(), options, options.queries, 'range')
    .colorScheme(colouredBy(FieldColorModeId.Thresholds))
    .mappings([...options.mappings])
    .showValue(VisibilityMode.Never)
    .mergeValues(true)
    .rowHeight(0.8)
    .fillOpacity(75)
    .lineWidth(0)
    .perPage(40)
    .tooltip(allSeries())
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom),
    );
  return drafted(panel, options, options.queries);
}
