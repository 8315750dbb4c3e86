import { Command, type OutputConfiguration } from 'commander';

import { addCompletion } from './commands/completion.js';
import { addDlq } from './commands/dlq/dlq.js';
import { addGroups } from './commands/groups.js';
import { addKeys } from './commands/keys.js';
import { addMessages } from './commands/messages.js';
import { addQuery } from './commands/query.js';
import { addSchemas } from './commands/schemas.js';
import { addSend } from './commands/send/send.js';
import { addStatus } from './commands/status.js';
import { addTenants } from './commands/tenants.js';
import { addTopics } from './commands/topics.js';
import type { Shell } from './shell.js';

/** Of this repository; what an app runs is told by `weir status`. */
const VERSION = '0.1.0';

/** Every command of `weir`, which runs its work in the shell. */
export function weirProgram(shell: Shell, output: OutputConfiguration = {}): Command {
  const program = new Command('weir')
    .description('Looks at Weir and works on it: its apps, Kafka, dead letters, tenants and metrics.')
    .version(VERSION, '-V, --version', 'tell the version of weir')
    .helpOption('-h, --help', 'explain the command, with examples')
    .helpCommand('help [command]', 'explain a command, with examples')
    .option('--json', 'one JSON document on standard output, and nothing else there')
    .option('--no-color', 'no colours')
    .option('--admin-url <url>', 'where admin-service is')
    .option('--ingest-url <url>', 'where ingest-api is')
    .option('--query-url <url>', 'where query-api is')
    .option('--consumer-url <url>', 'where metrics-consumer is')
    .option('--replayer-url <url>', 'where dlq-replayer is')
    .option('--key-file <path>', 'a file with the key that the command needs: on the command line others could read it')
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .showSuggestionAfterError()
    .configureOutput(output) // before there are commands: each takes it over as it is made
    .exitOverride();
  addStatus(program, shell);
  addTopics(program, shell);
  addMessages(program, shell);
  addGroups(program, shell);
  addSchemas(program, shell);
  addDlq(program, shell);
  addTenants(program, shell);
  addKeys(program, shell);
  addSend(program, shell);
  addQuery(program, shell);
  addCompletion(program, shell);
  return program;
}
