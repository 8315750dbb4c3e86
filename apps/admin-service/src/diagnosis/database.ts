import { type Finding, type FindingCode, finding, quoted } from './finding.js';

interface Refusal {
  readonly code: FindingCode;
  readonly pattern: RegExp;
  /** What PostgreSQL calls it; the pattern's groups are in the error's own words. */
  readonly words: (groups: readonly string[]) => string;
}

/**
 * PostgreSQL's words for what it refuses of a row alone, in English (errcodes.txt, execMain.c, numeric.c, jsonfuncs.c), and those of
 * packages/metrics-store.
 */
const REFUSALS: readonly Refusal[] = [
  {
    code: 'database_check',
    pattern: /relation "([^"]+)" violates check constraint "([^"]+)"/,
    words: ([relation = '', constraint = '']) =>
      `SQLSTATE 23514: the check constraint ${quoted(constraint)} of ${quoted(relation)} refuses the row${meaningOf(constraint)}.`,
  },
  {
    code: 'database_check',
    pattern: /domain ([^ ]+) violates check constraint "([^"]+)"/,
    words: ([domain = '', constraint = '']) =>
      `SQLSTATE 23514: the check constraint ${quoted(constraint)} of the domain ${quoted(domain)} refuses the row.`,
  },
  {
    code: 'database_not_null',
    pattern: /null value in column "([^"]+)" of relation "([^"]+)" violates not-null/,
    words: ([column = '', relation = '']) =>
      `SQLSTATE 23502: the column ${quoted(column)} of ${quoted(relation)} must not be null, and the row has nothing for it.`,
  },
  {
    code: 'database_text',
    pattern: /unsupported Unicode escape sequence|cannot be converted to text/,
    words: () => 'SQLSTATE 22P05: a text of the row has a character that jsonb cannot hold, which is U+0000.',
  },
  {
    code: 'database_text',
    pattern: /invalid byte sequence for encoding "([^"]+)": ((?:0x[0-9a-f]{2} ?)+)/i,
    words: ([encoding = '', bytes = '']) =>
      `SQLSTATE 22021: a text of the row has the bytes ${bytes.trim()}, which ${encoding} does not have.`,
  },
  {
    code: 'database_text',
    pattern: /value too long for type ([\w ]+\(\d+\))/,
    words: ([type = '']) => `SQLSTATE 22001: a text of the row is longer than its column, ${quoted(type)}.`,
  },
  {
    code: 'database_out_of_range',
    pattern: /the (timestamp|version) (\S+) is out of range/,
    words: ([what = '', number = '']) =>
      `${what === 'version' ? 'SQLSTATE 22003' : 'SQLSTATE 22008'}: the ${what} ${quoted(number)} is out of what the store’s column holds.`,
  },
  {
    code: 'database_out_of_range',
    pattern: /(?:timestamp|date\/time field value|date) out of range/,
    words: () => 'SQLSTATE 22008: a time of the row is out of what PostgreSQL’s timestamps hold.',
  },
  {
    code: 'database_out_of_range',
    pattern: /(?:"[^"]*" is |value |integer |numeric field |smallint |bigint )?(?:out of range|overflow|underflow)/,
    words: () => 'SQLSTATE 22003: a number of the row is out of the range of its column.',
  },
];

/** What the store's own constraints are about. */
const MEANINGS: Readonly<Record<string, string>> = {
  series_tenant_length: ': the tenant’s name is empty or too long',
  series_name_length: ': the metric’s name is empty or too long',
  series_labels_object: ': the labels are no object',
  samples_value_finite: ': the value is not a finite number',
};

const meaningOf = (constraint: string): string =>
  Object.hasOwn(MEANINGS, constraint) ? (MEANINGS[constraint] ?? '') : '';

const LONGEST_ERROR = 1_000;

/** What the database's words mean. What it says today is not known here: a canary of a replay tells. */
export function examineRejection(error: string): Finding {
  const text = error.slice(0, LONGEST_ERROR);
  for (const { code, pattern, words } of REFUSALS) {
    const groups = pattern.exec(text);
    if (groups !== null) return finding(code, `${words(groups.slice(1))} ${ADVICE}`);
  }
  return finding('database_refused', `The database said ${quoted(text)}. ${ADVICE}`);
}

const ADVICE = 'Whether it takes the row today is not known here; a replay of one record tells.';
