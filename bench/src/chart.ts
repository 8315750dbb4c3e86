import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';

import type { StageResult } from './run.js';

type Layers = Extract<TopLevelSpec, { vconcat: unknown }>['vconcat'][number];

const WIDTH = 520;
const BAR = 22;
const COLOURS = { limit: '#9aa5b1', weir: '#2f6f9f', others: '#c98a3d' };

/**
 * How much each contender did in each stage, as an SVG image: medians as bars, and from the smallest to the largest a line. Stages whose pace
 * is given are left out; null where there are no others.
 */
export async function chartOf(stages: readonly StageResult[]): Promise<string | null> {
  const free = stages.filter(({ contenders }) => contenders.every(({ freshnessMs }) => freshnessMs === null));
  if (free.length === 0) return null;
  const { spec } = compile({
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'white',
    vconcat: free.map(chartOfStage),
    config: { font: 'sans-serif', view: { stroke: null }, axis: { grid: false } },
  });
  return new View(parse(spec), { renderer: 'none' }).toSVG();
}

function chartOfStage({ name, unit, contenders }: StageResult): Layers {
  const names = contenders.map(({ name: who }) => who);
  const values = contenders.map(({ name: who, perSecond: { min, median, max } }) => ({
    who,
    min,
    median,
    max,
    told: Math.round(median).toLocaleString('en'),
    colour: colourOf(who, names),
  }));
  const y = { field: 'who', type: 'nominal', sort: names, title: null } as const;
  return {
    title: { text: `${name}: ${unit} a second`, anchor: 'start', frame: 'group', fontSize: 12 },
    width: WIDTH,
    height: { step: BAR },
    data: { values },
    layer: [
      {
        mark: { type: 'bar' },
        encoding: {
          y,
          x: { field: 'median', type: 'quantitative', title: null, axis: null },
          color: { field: 'colour', type: 'nominal', scale: null },
        },
      },
      {
        mark: { type: 'rule', color: '#333' },
        encoding: { y, x: { field: 'min', type: 'quantitative' }, x2: { field: 'max' } },
      },
      {
        mark: { type: 'text', align: 'left', dx: 6 },
        encoding: { y, x: { field: 'max', type: 'quantitative' }, text: { field: 'told' } },
      },
    ],
  };
}

/** Where Weir is none of those named, all are: each at another size. */
function colourOf(who: string, names: readonly string[]): string {
  if (!names.includes('weir')) return COLOURS.weir;
  return who === 'limit' || who === 'weir' ? COLOURS[who] : COLOURS.others;
}
