import picocolors from 'picocolors';

export type Colors = ReturnType<typeof picocolors.createColors>;

/** A stream of the process, as far as it is used. */
interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  on?(event: 'resize', listener: () => void): unknown;
  off?(event: 'resize', listener: () => void): unknown;
}

export interface Streams {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
}

const NARROWEST = 40;

/** What a command says, and to whom: results on standard output, all talk on standard error. */
export class Terminal {
  readonly colors: Colors;
  readonly talkColors: Colors;

  constructor(
    readonly streams: Streams,
    colors: boolean,
  ) {
    this.colors = picocolors.createColors(colors && streams.stdout.isTTY === true);
    this.talkColors = picocolors.createColors(colors && streams.stderr.isTTY === true);
  }

  /** Columns; without a terminal nothing has to fit, so that scripts read whole cells. */
  get width(): number {
    const { isTTY, columns = 80 } = this.streams.stdout;
    return isTTY === true ? Math.max(columns, NARROWEST) : Infinity;
  }

  /** Whether somebody sees results as they come. */
  get interactive(): boolean {
    return this.streams.stdout.isTTY === true;
  }

  print(lines: readonly string[]): void {
    if (lines.length > 0) this.streams.stdout.write(`${lines.join('\n')}\n`);
  }

  /** One document on one stream: what reads it needs nothing but a JSON parser. */
  printJson(document: unknown, { pretty = true } = {}): void {
    this.streams.stdout.write(`${jsonText(document, pretty)}\n`);
  }

  say(line: string): void {
    this.streams.stderr.write(`${line}\n`);
  }
}

/** JSON whose texts cannot act on a terminal either: JSON.stringify writes out the controls of ASCII alone. */
export function jsonText(document: unknown, pretty: boolean): string {
  return JSON.stringify(document, null, pretty ? 2 : 0).replaceAll(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (c) => String.raw`\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
