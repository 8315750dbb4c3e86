import type { DeadLetterEnvelope } from '@weir/kafka';

import { examineRejection } from './database.js';
import { type Finding, finding, quoted } from './finding.js';
import type { Verdict } from './verdict.js';

/** The findings of a verdict, with what follows where it is another than the dead letter's. */
export function compareReasons(
  { reason, error, service_version: version }: DeadLetterEnvelope['dlq_metadata'],
  { reason: today, findings }: Pick<Verdict, 'reason' | 'findings'>,
): readonly Finding[] {
  const said = `metrics-consumer ${version === '' ? '' : `${version.slice(0, 20)} `}said ${quoted(error)} (${reason})`;
  if (today === undefined)
    return [...findings, finding('nothing_found', `${said}; no more can be told at the moment.`)];
  if (today === null && reason === 'database') return [examineRejection(error), ...findings];
  if (today === null) return [finding('passes_now', `${said}. ${whyItPasses(reason)}`), ...findings];
  if (today === reason) return findings;
  return [
    ...findings,
    finding('another_reason_now', `${said}. Today it would be refused as ${today}, so a replay would fail again.`),
  ];
}

function whyItPasses(reason: string): string {
  return reason === 'unknown_schema'
    ? 'The registry has the schema by now, and the record breaks no rule: a replay would probably succeed.'
    : 'By today’s schemas and rules it is readable and breaks none: a replay would probably succeed.';
}
