const FULL = '█';
const REST = '░';

/** How much is done, as a bar of `width` columns: `█████░░░░░`. `done` from 0 to 1. */
export function bar(done: number, width: number): string {
  const full = Math.min(width, Math.max(0, Math.floor(done * width)));
  return FULL.repeat(full) + REST.repeat(width - full);
}

/** `42 %`; 100 only where all is done. */
export const percent = (done: number): string => `${Math.min(done < 1 ? 99 : 100, Math.floor(done * 100))} %`;
