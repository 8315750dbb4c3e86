import { EXIT } from './exit-codes.js';
import { runWeir } from './run.js';

/** How long what is written may take to arrive. */
const LINGER_MS = 500;

// Whoever reads our output may leave before its end, as `head` does.
process.stdout.on('error', () => process.exit(EXIT.interrupted));
process.exitCode = await runWeir(process.argv.slice(2), process);
// A native client whose brokers stand still keeps the process alive for minutes after it was closed: nobody waits for that.
setTimeout(() => process.exit(), LINGER_MS).unref();
