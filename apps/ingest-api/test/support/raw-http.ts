import { connect } from 'node:net';

/** How long nothing may come before the exchange counts as over. */
const QUIET_MS = 300;

/** A server that has not answered by now is stuck. */
const STUCK_MS = 20_000;

interface ExchangeOptions {
  /** How many answers must have come before silence can mean the end; those of a broker that is slow take their time. */
  readonly answers?: number;
  readonly quietMs?: number;
}

/** Says these bytes on a connection of their own; resolves with all that was answered, once the server closed or went quiet. */
export function exchange(
  url: string,
  bytes: Buffer,
  { answers = 0, quietMs = QUIET_MS }: ExchangeOptions = {},
): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect(Number(port), hostname);
    const over = (): void => {
      clearTimeout(quiet);
      socket.destroy();
      resolve(answer());
    };
    const answer = (): string => Buffer.concat(chunks).toString('latin1');
    const patienceMs = (): number => (statusesOf(answer()).length < answers ? STUCK_MS : quietMs);
    let quiet = setTimeout(over, patienceMs());
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      clearTimeout(quiet);
      quiet = setTimeout(over, patienceMs());
    });
    socket
      .on('error', () => undefined)
      .on('end', over)
      .on('close', over);
    socket.write(bytes);
  });
}

/** The statuses of the answers, without those that only say "go on". */
export function statusesOf(answer: string): readonly number[] {
  return [...answer.matchAll(/HTTP\/1\.1 ([2-5]\d\d) /g)].map(([, status]) => Number(status));
}

/** Fills in what a file of raw HTTP leaves open. */
export function filledIn(bytes: Buffer, apiKey: string): Buffer {
  const body = JSON.stringify({ name: 'up', value: 1, timestamp: Date.now() });
  const text = bytes
    .toString('latin1')
    .replaceAll('{key}', apiKey)
    .replaceAll('{body}', body)
    .replaceAll('{length}', String(body.length))
    .replaceAll('{length16}', body.length.toString(16));
  return Buffer.from(text, 'latin1');
}
