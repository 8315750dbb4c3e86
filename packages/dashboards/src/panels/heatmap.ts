import { ScaleDistribution, ScaleDistributionConfigBuilder } from '@grafana/grafana-foundation-sdk/common';
import {
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  HeatmapColorScale,
  PanelBuilder,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap';

import { UNITS } from '../theme.js';
import { drafted, furnish, type PanelDraft, type PanelOptions } from './panel.js';

export interface HeatmapOptions extends PanelOptions {
  /** Observations by bucket. */
  readonly expression: string;
}

/** How a duration or size was spread over time: two ways that things go show as two bands, where a quantile shows one line. */
export function heatmap(options: HeatmapOptions): PanelDraft {
  const panel = furnish(new PanelBuilder(), options, [options], 'heatmap')
    .calculate(false)
    .cellGap(1)
    .yAxis(new YAxisConfigBuilder().unit(UNITS[options.unit]))
    .color(
      new HeatmapColorOptionsBuilder()
        .mode(HeatmapColorMode.Scheme)
        .scheme('Blues')
        .scale(HeatmapColorScale.Exponential)
        .exponent(0.5)
        .fill('dark-blue')
        .steps(32)
        .reverse(false),
    )
    .scaleDistribution(new ScaleDistributionConfigBuilder().type(ScaleDistribution.Linear))
    .hideLegend();
  return drafted(panel, options, [options]);
}
