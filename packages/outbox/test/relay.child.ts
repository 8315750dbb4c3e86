/** A relay in a process of its own, so that it can be killed and frozen: prints each state that it enters. */
import { OutboxRelay } from '../src/index.js';

const [bootstrapServers = '', databaseUrl = '', transactionalId = '', settings = '{}'] = process.argv.slice(2);
const { stopAt, ...options } = JSON.parse(settings) as {
  readonly stopAt: number;
  readonly batchMessages: number;
  readonly idleTimeoutMs: number;
};
let taken = 0;

new OutboxRelay(
  { bootstrapServers, clientId: 'child', securityProtocol: 'PLAINTEXT' },
  {
    ...options,
    databaseUrl,
    schema: 'app',
    transactionalId,
    observer: {
      stateChanged: (state) => process.stdout.write(`${state}\n`),
      taken: () => {
        taken += 1;
        if (taken === stopAt) process.kill(process.pid, 'SIGSTOP');
      },
      failed: ({ code }) => process.stdout.write(`failed ${code}\n`),
    },
  },
).start();
