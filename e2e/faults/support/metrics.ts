import { seriesIn } from '@weir/testing';

import type { AppProcess } from '../../support/process.js';

type Labels = Readonly<Record<string, string>>;

/** What an app tells of itself at one moment: the sum of a metric's series that have these labels; 0 where there is none yet. */
export async function metricsOf(app: AppProcess): Promise<(name: string, labels?: Labels) => number> {
  const text = await (await fetch(`${app.url}/metrics`)).text();
  return (name, labels) => seriesIn(text, name, labels).reduce((sum, value) => sum + value, 0);
}

/** One metric as the app tells it now. */
export const metricOf = async (app: AppProcess, name: string, labels?: Labels): Promise<number> =>
  (await metricsOf(app))(name, labels);
