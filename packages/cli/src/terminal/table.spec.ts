import { describe, expect, it } from '@jest/globals';

import { type Column, table } from './table.js';
import { widthOf } from './text-width.js';

const COLUMNS: readonly Column[] = [
  { title: 'ID', importance: 9 },
  { title: 'TENANT', importance: 6, least: 6 },
  { title: 'RECORDS', align: 'right', importance: 8 },
  { title: 'ERROR', importance: 3, least: 10 },
];
const ROWS = [
  ['2-17', 'acme', '60', 'The database refused the sample: 23514 new row for relation "samples" violates a check'],
  ['11-4', 'a-tenant-with-a-long-name', '1,200', 'The registry has no schema 7.'],
];
const plain = { heading: String };

const shown = (width: number, rows = ROWS): string[] => table(COLUMNS, rows, { ...plain, width });

describe('a table', () => {
  it.each([20, 40, 60, 80, 100, 160, 240])('is never wider than a terminal of %i columns', (width) => {
    for (const line of shown(width)) expect(widthOf(line)).toBeLessThanOrEqual(width);
  });

  it('cuts the least important column first, with an ellipsis, and leaves the others whole', () => {
    const [, first = '', second = ''] = shown(80);
    expect(first).toMatch(/^2-17 {2}acme +60 {2}The database .*…$/u);
    expect(second).toContain('a-tenant-with-a-long-name');
  });

  it('cuts the next one only where that is not enough, and leaves out what has no room at all', () => {
    expect(shown(40).join('\n')).toContain('a-ten');
    const [heading] = shown(16);
    expect(heading).toBe('ID    RECORDS');
  });

  it('cuts nothing where nothing has to fit, so that scripts read whole cells', () => {
    expect(shown(Infinity).join('\n')).toContain('violates a check');
  });

  it('keeps its columns in line beside letters that take two columns or none', () => {
    const rows = [
      ['1', '東京の店', '1', 'e\u0301clair'],
      ['2', '👩‍👩‍👧 team', '2', 'plain'],
      ['3', 'abc', '3', 'plain'],
    ];
    const lines = shown(80, rows);
    const at = lines.slice(1).map((line) => widthOf(line.slice(0, line.search(/e\u0301clair|plain/u))));
    expect(new Set(at).size).toBe(1);
  });

  it('cuts between letters and never through one', () => {
    const [, line = ''] = table([{ title: 'T', least: 5 }], [['東京の店']], { ...plain, width: 6 });
    expect(line).toBe('東京…');
  });

  it('writes out what would act on the terminal: a tenant must not colour the screen, move the cursor or turn the text', () => {
    const [, line = ''] = table([{ title: 'ERROR' }], [['\u001b[31mred\u0007\nnext\u202eback\u009b2J']], {
      ...plain,
      width: 200,
    });
    expect(line).toBe(String.raw`\u001b[31mred\u0007\nnext\u202eback\u009b2J`);
  });

  it('colours a cell after it was cut, so that a colour is never cut off', () => {
    const cell = { text: 'a long text that is cut', paint: (text: string) => `<${text}>` };
    const [, line = ''] = table([{ title: 'T', least: 5 }], [[cell]], { ...plain, width: 10 });
    expect(line).toBe('<a long te…>');
  });
});
