import type { Command } from 'commander';

import type { Decision } from '../../api/answers.js';
import { adminApi, type Context, show } from '../../context.js';
import { EXIT, type ExitCode } from '../../exit-codes.js';
import { type Shell, subcommand } from '../../shell.js';
import { confirmed } from '../../terminal/confirm.js';
import { count, counted } from '../../terminal/figures.js';
import { selectionOf, type SelectionOptions, withFilter } from './selection.js';

interface DecisionOptions extends SelectionOptions {
  readonly because?: string;
  readonly yes?: boolean;
}

/** What will never be right, given up with a reason; and taken back. */
export function addDecisions(dlq: Command, shell: Shell): void {
  withFilter(
    subcommand(dlq, 'discard', 'Give dead letters up, with the reason; they stay in the index and in the audit', [
      ['weir dlq discard 1-3 --because "a script wrote here by mistake"', 'one of them'],
      ['weir dlq discard --reason frame --because "…"', 'many: tells how many, and asks'],
    ]),
  )
    .argument('[ids...]', 'dead letters, as `weir dlq list` shows them')
    .requiredOption('--because <text>', 'why; it is kept')
    .option('--all', 'every dead letter')
    .option('--yes', 'do not ask')
    .action((ids: string[], options: DecisionOptions) =>
      shell.run((context) => decide(context, 'discard', ids, options)),
    );
  withFilter(
    subcommand(dlq, 'restore', 'Take back that dead letters were given up', [
      ['weir dlq restore 1-3', 'one of them'],
      ['weir dlq restore --tenant acme --yes', 'many, without a question'],
    ]),
  )
    .argument('[ids...]', 'dead letters, as `weir dlq list` shows them')
    .option('--all', 'every one that was given up')
    .option('--yes', 'do not ask')
    .action((ids: string[], options: DecisionOptions) =>
      shell.run((context) => decide(context, 'restore', ids, options)),
    );
}

/** Tells how many it is about, asks, and does it to just so many: what comes meanwhile is refused and not decided unseen. */
async function decide(
  context: Context,
  kind: 'discard' | 'restore',
  ids: readonly string[],
  options: DecisionOptions,
): Promise<ExitCode> {
  const { because, yes } = options;
  const api = adminApi(context);
  const body = { ...(await selectionOf(api, ids, options)), ...(because !== undefined && { reason: because }) };
  const path = `/api/v1/dlq/messages/${kind}`;
  const about = await api.send<Decision>('POST', path, body);
  const left = Object.entries(about.excluded).map(([state, letters]) => `${count(letters)} ${state}`);
  if (left.length > 0) context.terminal.say(`These stay as they are: ${left.join(', ')}.`);
  if (about.records === 0) {
    show(context, about, () => [`There is none to ${kind}.`]);
    return EXIT.ok;
  }
  const verb = kind === 'discard' ? 'Discard' : 'Restore';
  if (!(await confirmed(context, `${verb} ${counted(about.records, 'record')}?`, yes === true))) {
    context.terminal.say('Nothing was changed.');
    return EXIT.ok;
  }
  const done = await api.send<Decision>('POST', path, { ...body, confirm: about.records });
  show(context, done, () => [`${kind === 'discard' ? 'Discarded' : 'Restored'} ${counted(done.records, 'record')}.`]);
  return EXIT.ok;
}
