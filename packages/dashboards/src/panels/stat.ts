import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  ReduceDataOptionsBuilder,
  VizOrientation,
} from '@grafana/grafana-foundation-sdk/common';
import { FieldColorModeId, type ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/stat';

import { type Limits, silence } from '../theme.js';
import { colouredBy, drafted, furnish, limited, NOTHING, type PanelDraft, type PanelOptions } from './panel.js';

export interface StatOptions extends PanelOptions {
  readonly expression: string;
  readonly limits?: Limits;
  readonly mappings?: readonly ValueMapping[];
  readonly decimals?: number;
  /** Its whole field is coloured, so that it is seen from across the room. */
  readonly loud?: boolean;
}

/** One figure, or the word for it: as it is now, or of the whole shown time. */
export function stat(options: StatOptions): PanelDraft {
  const { limits = {}, mappings = [], loud = false } = options;
  const panel = furnish(new PanelBuilder(), { height: 4, ...options }, [options], 'instant')
    .colorScheme(colouredBy(FieldColorModeId.Thresholds))
    .thresholds(limited(limits))
    .mappings([...mappings, silence(options.nothing ?? NOTHING, loud ? 'warning' : 'quiet')])
    .colorMode(loud ? BigValueColorMode.Background : BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.None)
    .textMode(BigValueTextMode.Value)
    .orientation(VizOrientation.Auto)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('').values(false));
  if (options.decimals !== undefined) panel.decimals(options.decimals);
  return drafted(panel, options, [options]);
}
