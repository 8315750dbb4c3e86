import { setTimeout as wait } from 'node:timers/promises';

import type { Context } from '../context.js';
import { failureOf } from '../failures.js';

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const OTHER_SCREEN = '\u001b[?1049h';
const OWN_SCREEN = '\u001b[?1049l';
const HOME = '\u001b[H';
const REST_OF_LINE = '\u001b[K';
const REST_OF_SCREEN = '\u001b[J';

/** What is shown each time: for people at the width that the terminal has by then, and for scripts. */
export interface Frame {
  readonly document: unknown;
  readonly lines: () => readonly string[];
}

/**
 * Shows a frame again and again until Ctrl-C, and then leaves the last one on the screen.
 *
 * On a terminal each is drawn over the one before in one write, so that nothing flickers, on a screen of its own; the cursor and the terminal's own
 * screen come back however the process ends. Without a terminal frames follow one another, for scripts as NDJSON.
 */
export async function watch(context: Context, everyMs: number, next: () => Promise<Frame>): Promise<void> {
  const screen = context.json || !context.terminal.interactive ? null : new Screen(context);
  try {
    while (!context.signal.aborted) {
      const frame = await frameOf(next);
      if (context.signal.aborted) break;
      if (screen !== null) screen.draw(frame.lines);
      else if (context.json) context.terminal.printJson(frame.document, { pretty: false });
      else context.terminal.print([...frame.lines(), '']);
      await wait(everyMs, undefined, { signal: context.signal }).catch(() => undefined);
    }
  } finally {
    screen?.close();
  }
}

/** What cannot be looked at now may be there in a moment. */
async function frameOf(next: () => Promise<Frame>): Promise<Frame> {
  try {
    return await next();
  } catch (thrown) {
    const { message, hint } = failureOf(thrown);
    return { document: { error: message }, lines: () => [message, ...(hint === null ? [] : [hint])] };
  }
}

class Screen {
  private last: (() => readonly string[]) | null = null;
  private isOpen = false;

  constructor(private readonly context: Context) {
    process.on('exit', this.close);
    this.output.on?.('resize', this.redraw);
  }

  draw(lines: () => readonly string[]): void {
    this.last = lines;
    this.redraw();
  }

  /** Also where the process ends by something else than Ctrl-C. Once. */
  readonly close = (): void => {
    process.off('exit', this.close);
    this.output.off?.('resize', this.redraw);
    if (!this.isOpen) return;
    this.isOpen = false;
    this.output.write(OWN_SCREEN + SHOW_CURSOR);
    this.context.terminal.print(this.last?.() ?? []);
  };

  private readonly redraw = (): void => {
    if (this.last === null) return;
    const { rows = 24 } = this.output;
    const lines = this.last();
    const hidden = lines.length - rows;
    const shown =
      hidden > 0 ? [...lines.slice(0, rows - 1), `… ${hidden + 1} more lines: make the window higher`] : lines;
    const opening = this.isOpen ? '' : OTHER_SCREEN + HIDE_CURSOR;
    this.isOpen = true;
    // One write, and nothing is cleared before it is written anew.
    this.output.write(opening + HOME + shown.map((line) => line + REST_OF_LINE).join('\n') + REST_OF_SCREEN);
  };

  private get output() {
    return this.context.terminal.streams.stdout;
  }
}
