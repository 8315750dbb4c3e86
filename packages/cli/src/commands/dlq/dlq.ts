import type { Command } from 'commander';

import { type Shell, subcommand } from '../../shell.js';
import { addDecisions } from './decisions.js';
import { addLetters } from './letters.js';
import { addReplays } from './replays.js';

export function addDlq(program: Command, shell: Shell): void {
  const dlq = subcommand(program, 'dlq', 'Dead letters: what failed and why, replays, and what is given up', [
    ['weir dlq groups --state open', '1. what failed, and for whom'],
    ['weir dlq show 2-17', '2. what is wrong with one of them'],
    ['weir dlq plan --tenant acme', '3. what a replay would do'],
    ['weir dlq replay --tenant acme --canary 10', '4. the first few, then all of them'],
  ]);
  addLetters(dlq, shell);
  addReplays(dlq, shell);
  addDecisions(dlq, shell);
}
