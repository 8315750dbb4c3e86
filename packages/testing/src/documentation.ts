import { readFileSync } from 'node:fs';

/** The rows of the table under a second-level heading of a page of the repository, cell by cell, without the table's head and rule. */
export function documentedTable(page: string, heading: string): string[][] {
  const text = readFileSync(new URL(`../../../${page}`, import.meta.url), 'utf8');
  const section = text.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .slice(1, -1)
      .split(' | ')
      .map((cell) => cell.trim()),
  );
}
