import stringWidth from 'string-width';

const ELLIPSIS = '…';
const segmenter = new Intl.Segmenter();
// Control characters of ASCII and Latin-1, line and paragraph separators, and those that turn the direction of text. What tenants and
// producers wrote must not move the cursor, colour the screen or show a text as another one.
// oxlint-disable-next-line no-control-regex -- these are what is looked for
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
const ESCAPES: Readonly<Record<string, string>> = { '\n': String.raw`\n`, '\r': String.raw`\r`, '\t': String.raw`\t` };

/** The text as a terminal may show it, on one line: what would act on the terminal is written out. */
export const printable = (text: string): string =>
  text.replaceAll(UNPRINTABLE, (c) => ESCAPES[c] ?? String.raw`\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Columns of a terminal that the text takes; emoji and East Asian letters take two, marks none. */
export const widthOf = (text: string): number => stringWidth(text);

/** The text within `width` columns, with an ellipsis where something is left out. Without colours: those come afterwards. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  if (width <= 0) return '';
  let shown = '';
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    const wide = widthOf(segment);
    if (used + wide > width - 1) break;
    shown += segment;
    used += wide;
  }
  return shown.trimEnd() + ELLIPSIS;
}

/** The text in exactly `width` columns. */
export function fitted(text: string, width: number, align: 'left' | 'right'): string {
  const shown = cut(text, width);
  const blanks = ' '.repeat(Math.max(0, width - widthOf(shown)));
  return align === 'left' ? shown + blanks : blanks + shown;
}

/** The text in lines of at most `width` columns, broken between words; a word that is longer is broken where it has to. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
    for (; widthOf(line) > width;) {
      const part = beginningOf(line, width);
      lines.push(part);
      line = line.slice(part.length);
    }
  }
  return [...lines, line];
}

/** As many whole letters as go into `width` columns, and one at least. */
function beginningOf(text: string, width: number): string {
  let shown = '';
  for (const { segment } of segmenter.segment(text)) {
    if (shown !== '' && widthOf(shown + segment) > width) break;
    shown += segment;
  }
  return shown;
}
