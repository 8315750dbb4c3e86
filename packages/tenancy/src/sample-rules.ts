/**
 * What Prometheus allows in a name, a label and a value (https://prometheus.io/docs/concepts/data_model), with two
 * restrictions of what Weir stores it in: PostgreSQL's text holds no NUL, and UTF-8 no lone surrogate.
 */

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
// With the u flag a pair of surrogates is one code point, so the range finds those alone.
const UNSTORABLE = /[\0\ud800-\udfff]/u;

export function isMetricName(text: string): boolean {
  return METRIC_NAME.test(text);
}

export function isLabelName(text: string): boolean {
  return LABEL_NAME.test(text);
}

/** Those that were found good last: samples that follow one another mostly have the same labels, whose names are strings made once. */
let goodNames: readonly string[] = [];

/** Whether all of them may name labels. */
export function areLabelNames(names: readonly string[]): boolean {
  if (areSameNames(names, goodNames)) return true;
  if (!names.every(isLabelName)) return false;
  goodNames = [...names];
  return true;
}

/** The same names in the same order. */
export function areSameNames(names: readonly string[], others: readonly string[]): boolean {
  if (names.length !== others.length) return false;
  for (let at = 0; at < names.length; at += 1) if (names[at] !== others[at]) return false;
  return true;
}

/** Names that start with two underscores belong to Prometheus and to Weir. */
export function isReservedLabelName(text: string): boolean {
  return text.startsWith('__');
}

/** Whether a label value or an environment can be written as UTF-8 and stored as PostgreSQL text. */
export function isStorableText(text: string): boolean {
  return !UNSTORABLE.test(text);
}
