import { fitted, printable, widthOf } from './text-width.js';

/** Colours a text that has its place already. */
type Paint = (text: string) => string;

/** A cell: what it says, and how it is coloured. */
export type Cell = string | { readonly text: string; readonly paint: Paint };

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Columns with the lowest number are cut first, and left out first. 5 unless given. */
  readonly importance?: number;
  /** The least columns of the terminal that it is cut to. Without it it is never cut. */
  readonly least?: number;
  /** Never left out. */
  readonly kept?: boolean;
  /** Left out where it says nothing in any row. */
  readonly optional?: boolean;
}

interface TableOptions {
  /** Columns of the terminal; Infinity where nothing has to fit. */
  readonly width: number;
  readonly heading: Paint;
}

const GAP = '  ';
const USUAL_IMPORTANCE = 5;

/**
 * A table in lines, never wider than `width`: the least important columns are cut with an ellipsis, and left out where that is not enough.
 */
export function table(columns: readonly Column[], rows: readonly (readonly Cell[])[], options: TableOptions): string[] {
  const texts = rows.map((row) => row.map((cell) => printable(textOf(cell))));
  const widths = widthsOf(columns, texts, options.width);
  const last = widths.findLastIndex((width) => width > 0);
  const line = (cellAt: (at: number) => string, paintAt: (at: number) => Paint | null): string =>
    columns
      .flatMap(({ align = 'left' }, at) => {
        const width = widths[at] ?? 0;
        if (width === 0) return [];
        const text = fitted(cellAt(at), width, align);
        // Nothing hangs over at the end of a line.
        const shown = at === last ? text.trimEnd() : text;
        return [paintAt(at)?.(shown) ?? shown];
      })
      .join(GAP);
  return [
    line(
      (at) => columns[at]?.title ?? '',
      () => options.heading,
    ),
    ...rows.map((row, r) =>
      line(
        (at) => texts[r]?.[at] ?? '',
        (at) => paintOf(row[at]),
      ),
    ),
  ];
}

/** Of each column; 0 for one that is left out. */
function widthsOf(columns: readonly Column[], texts: readonly (readonly string[])[], width: number): number[] {
  const natural = columns.map(({ title, optional }, at) => {
    const widest = Math.max(0, ...texts.map((row) => widthOf(row[at] ?? '')));
    return optional === true && widest === 0 ? 0 : Math.max(widthOf(title), widest);
  });
  const order = columns
    .map(({ importance = USUAL_IMPORTANCE, kept = false }, at) => ({ importance, kept, at }))
    .toSorted((a, b) => a.importance - b.importance || b.at - a.at);
  const leaving = [...order.filter(({ kept }) => !kept), ...order.filter(({ kept }) => kept)];
  // Rather one column less than all of them cut to what says nothing.
  for (const { at } of leaving.slice(0, -1)) {
    const widths = cutTo(width, natural, columns, order);
    if (widths !== null) return widths;
    natural[at] = 0;
  }
  return cutTo(width, natural, columns, order) ?? natural.map((each) => Math.min(each, width));
}

/** The columns that may be cut, cut as far as that is needed; null where it does not help. */
function cutTo(
  width: number,
  natural: readonly number[],
  columns: readonly Column[],
  order: readonly { readonly at: number }[],
): number[] | null {
  const widths = [...natural];
  for (const { at } of order) {
    const excess = lengthOf(widths) - width;
    if (excess <= 0) return widths;
    const { least, title = '' } = columns[at] ?? {};
    const now = widths[at] ?? 0;
    if (least !== undefined && now > 0)
      widths[at] = Math.max(Math.min(now, Math.max(least, widthOf(title))), now - excess);
  }
  return lengthOf(widths) <= width ? widths : null;
}

function lengthOf(widths: readonly number[]): number {
  const shown = widths.filter((each) => each > 0);
  return shown.reduce((sum, each) => sum + each, GAP.length * Math.max(0, shown.length - 1));
}

const textOf = (cell: Cell): string => (typeof cell === 'string' ? cell : cell.text);
const paintOf = (cell: Cell | undefined): Paint | null => (typeof cell === 'object' ? cell.paint : null);
