import type { AppProcess } from '../../support/process.js';

type Labels = Readonly<Record<string, string>>;

/** What an app tells of itself at one moment: the sum of a metric's series that have these labels; 0 where there is none yet. */
export async function metricsOf(app: AppProcess): Promise<(name: string, labels?: Labels) => number> {
  const lines = (await (await fetch(`${app.url}/metrics`)).text()).split('\n');
  return (name, labels = {}) => {
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    return lines
      .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
      .filter((line) => wanted.every((label) => line.includes(label)))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  };
}

/** One metric as the app tells it now. */
export const metricOf = async (app: AppProcess, name: string, labels?: Labels): Promise<number> =>
  (await metricsOf(app))(name, labels);
