import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { parse, stringify } from 'yaml';

const RULES = fileURLToPath(new URL('../../../deploy/prometheus/rules/', import.meta.url));

/** What takes five minutes in production takes five seconds here. */
const FASTER = 60;
/** Prometheus asks once a second here: what is asked once may be late once. */
const SHORTEST_SECONDS = 3;
const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;
const DURATION = /(\d+)([smhd])/gu;

interface Rule {
  expr: string;
  for?: string;
  keep_firing_for?: string;
}

/**
 * Writes the rules of deploy/prometheus with every duration (windows, offsets, `for`, `keep_firing_for`) a sixtieth of what it is, and
 * three seconds at least. Thresholds stay what they are.
 *
 * @returns the files, `*` for their names
 */
export function scaledRules(directory: string): string {
  mkdirSync(directory, { recursive: true });
  for (const file of readdirSync(RULES)) {
    const document = parse(readFileSync(join(RULES, file), 'utf8')) as { groups: { rules: Rule[] }[] };
    for (const rule of document.groups.flatMap(({ rules }) => rules)) {
      rule.expr = rule.expr.replaceAll(/\[\w+\]|offset \w+/gu, scaled);
      if (rule.for !== undefined) rule.for = scaled(rule.for);
      if (rule.keep_firing_for !== undefined) rule.keep_firing_for = scaled(rule.keep_firing_for);
    }
    writeFileSync(join(directory, file), stringify(document));
  }
  return join(directory, '*.yml');
}

function scaled(text: string): string {
  return text.replaceAll(DURATION, (_, count: string, unit: keyof typeof SECONDS) => {
    const seconds = Math.round((Number(count) * SECONDS[unit]) / FASTER);
    return `${Math.max(SHORTEST_SECONDS, seconds)}s`;
  });
}
