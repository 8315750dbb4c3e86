import { describeVariables, type VariableDescription } from '@weir/config';
import type { Command } from 'commander';

import { EXIT_MEANINGS } from './exit-codes.js';
import { weirProgram } from './program.js';
import { examples } from './shell.js';
import { variables } from './settings/variables.js';

/** What `weir` reads from the environment beside `KAFKA_*` and `SCHEMA_REGISTRY_*`, for the documentation. */
export const settings: readonly VariableDescription[] = describeVariables(variables);

/** docs/reference/cli.md: every command, from the same words as its help. */
export function cliReference(): string {
  const program = weirProgram({ run: () => Promise.resolve() });
  return `# weir

Made by \`npm run docs\` from the help of \`weir\` itself; a test holds it fresh. [The guide](../guides/cli.md) tells how to begin.

${commandsOf(program).map(section).join('\n')}
## Options of every command

${optionsTable(program)}

## Exit codes

| code | meaning |
|---|---|
${EXIT_MEANINGS.map(([code, meaning]) => `| \`${code}\` | ${meaning} |`).join('\n')}
`;
}

/** A command, then those below it; hidden ones and \`help\` left out. */
function commandsOf(command: Command): Command[] {
  const inner = command.createHelp().visibleCommands(command);
  return inner.filter((each) => each.name() !== 'help').flatMap((each) => [each, ...commandsOf(each)]);
}

function section(command: Command): string {
  const args = command.registeredArguments.map((argument) => `| \`${argument.name()}\` | ${argument.description} |`);
  const lines = examples(command).map(([line, about]) => (about === '' ? line : `${line}  # ${about}`));
  return `## ${nameOf(command)}

${command.description()}.

\`\`\`text
${nameOf(command)} ${command.usage()}
\`\`\`

${args.length === 0 ? '' : `| argument | meaning |\n|---|---|\n${args.join('\n')}\n`}
${command.options.length === 0 ? '' : optionsTable(command)}
${lines.length === 0 ? '' : `\`\`\`bash\n${lines.join('\n')}\n\`\`\`\n`}`;
}

const nameOf = (command: Command): string =>
  command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;

function optionsTable(command: Command): string {
  const rows = command.options.map(({ flags, description, argChoices, defaultValue }) => {
    const choices = argChoices === undefined ? '' : ` One of ${argChoices.map((each) => `\`${each}\``).join(', ')}.`;
    const usual =
      defaultValue === undefined || typeof defaultValue === 'boolean' ? '' : ` Default: \`${String(defaultValue)}\`.`;
    return `| \`${flags}\` | ${description}.${choices}${usual} |`;
  });
  return `| option | meaning |\n|---|---|\n${rows.join('\n')}\n`;
}
