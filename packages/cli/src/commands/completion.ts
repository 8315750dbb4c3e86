import { Argument, type Command } from 'commander';

import { candidates } from '../completion/candidates.js';
import { ASK, SCRIPTS, SHELLS, type ShellName } from '../completion/scripts.js';
import { type Shell, subcommand } from '../shell.js';

export function addCompletion(program: Command, shell: Shell): void {
  subcommand(program, 'completion', 'A script by which a shell completes the words of weir', [
    ['source <(weir completion bash)', 'bash: now, or in ~/.bashrc'],
    ['source <(weir completion zsh)', 'zsh: now, or in ~/.zshrc'],
    ['weir completion fish | source', 'fish: now, or in ~/.config/fish/config.fish'],
  ])
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .action((name: ShellName) =>
      shell.run(({ terminal, json }) => {
        if (json) terminal.printJson({ shell: name, script: SCRIPTS[name] });
        else terminal.print([SCRIPTS[name].trimEnd()]);
        return Promise.resolve();
      }),
    );
  program
    .command(ASK, { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .helpOption(false)
    .action((words: string[]) =>
      shell.run(({ terminal }) => {
        terminal.print(candidates(program, words).map(({ word, about }) => `${word}\t${about}`));
        return Promise.resolve();
      }),
    );
}
