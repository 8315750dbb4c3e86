/**
 * Why one sample of a request is refused. The codes are stable and the answer's `rejected[].code`; docs/reference/errors.md
 * shows this table, and a test holds the two together.
 */
export const REJECTIONS = {
  not_an_object: 'The item is not a JSON object.',
  unknown_field:
    'The metric has a member besides `name`, `value`, `timestamp`, `labels` and `environment`. It is refused and not ignored, so that a misspelt member never loses what it held.',
  name_invalid: '`name` is missing, is no string, or does not match `[a-zA-Z_:][a-zA-Z0-9_:]*`.',
  name_too_long: "`name` is longer than the tenant's limit.",
  value_invalid:
    '`value` is missing or is not a finite number. A number in quotes is a string; `1e400` is beyond what a double holds.',
  timestamp_missing: '`timestamp` is missing or null. Weir never guesses when something was measured.',
  timestamp_invalid: '`timestamp` is neither an integer (epoch milliseconds) nor an RFC 3339 text with an offset.',
  timestamp_too_old:
    "`timestamp` lies further back than the tenant's past window. Epoch seconds in place of milliseconds end up here.",
  timestamp_too_new: '`timestamp` lies too far ahead of the clock of Weir.',
  labels_invalid: '`labels` is not a JSON object.',
  labels_too_many: "There are more labels than the tenant's limit.",
  labels_too_large: 'The names and values of the labels are together longer than 32,768 characters.',
  label_name_invalid: "A label's name does not match `[a-zA-Z_][a-zA-Z0-9_]*`.",
  label_name_too_long: "A label's name is longer than the tenant's limit.",
  label_reserved: "A label's name starts with `__`; those names are reserved.",
  label_value_invalid: "A label's value is no string, or holds a NUL or half of a surrogate pair.",
  label_value_too_long: "A label's value is longer than the tenant's limit.",
  environment_invalid:
    '`environment` is neither null nor a string, is empty, or holds a NUL or half of a surrogate pair.',
  series_limit:
    "The sample begins a series, and as many as the tenant's limit are active. Samples of active series are taken in.",
  environment_too_long: '`environment` is longer than 255 characters.',
} as const;

export type RejectionCode = keyof typeof REJECTIONS;

/** One sample's refusal. `detail` tells this caller what to change; the code is what a program goes by. */
export class Rejection {
  constructor(
    readonly code: RejectionCode,
    readonly detail: string,
  ) {}
}
