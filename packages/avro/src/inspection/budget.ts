import { toUSVString } from 'node:util';

const MAX_VALUES = 10_000;
const MAX_CHARACTERS = 256 * 1024;

/** Stands where something was left out. */
export const CUT = '…';

/** Bounds what is shown of a value, whatever it unfolds to. */
export class ShowingBudget {
  /** Whether anything was left out. */
  cut = false;
  private values = MAX_VALUES;
  private characters = MAX_CHARACTERS;

  /** Whether one more value may be shown. */
  take(): boolean {
    if (this.values === 0 || this.characters === 0) this.cut = true;
    else this.values -= 1;
    return !this.cut;
  }

  /** The text as far as there is room for it, without half a surrogate pair. */
  text(text: string): string {
    const shown = text.slice(0, this.characters);
    this.characters -= shown.length;
    if (shown.length === text.length) return toUSVString(text);
    this.cut = true;
    return toUSVString(shown) + CUT;
  }

  /** How many characters may still be shown. */
  get room(): number {
    return this.characters;
  }
}

/** A number as JSON can hold it: NaN, the infinities and the negative zero are text. */
export function jsonNumber(value: number): number | string {
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? value : String(value);
}
