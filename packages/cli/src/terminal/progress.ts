import type { Terminal } from './terminal.js';
import { cut } from './text-width.js';

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const OVER = '\r\u001b[K';
/** Without a terminal, how often a line is written at most: logs are read by people too. */
const LINE_EVERY_MS = 10_000;

/**
 * One line about long work, written over itself on standard error; where that is no terminal, a line now and then.
 *
 * The cursor comes back however the process ends.
 */
export class ProgressLine {
  private readonly live: boolean;
  private shown = '';
  private writtenAt = -Infinity;

  constructor(private readonly terminal: Terminal) {
    this.live = terminal.streams.stderr.isTTY === true;
    if (this.live) process.on('exit', this.end);
  }

  show(text: string): void {
    if (text === this.shown) return;
    const { stderr } = this.terminal.streams;
    if (this.live) {
      const opening = this.shown === '' ? HIDE_CURSOR : '';
      stderr.write(opening + OVER + cut(text, (stderr.columns ?? 80) - 1));
    } else if (performance.now() - this.writtenAt > LINE_EVERY_MS) {
      this.writtenAt = performance.now();
      stderr.write(`${text}\n`);
    }
    this.shown = text;
  }

  /** Says something that stays, above the line. */
  say(text: string): void {
    if (!this.live) return this.terminal.say(text);
    this.terminal.streams.stderr.write(`${OVER}${text}\n`);
    const { shown } = this;
    this.shown = '';
    if (shown !== '') this.show(shown);
  }

  /** Takes the line away. */
  readonly end = (): void => {
    if (!this.live) return;
    process.off('exit', this.end);
    if (this.shown !== '') this.terminal.streams.stderr.write(OVER + SHOW_CURSOR);
    this.shown = '';
  };
}
