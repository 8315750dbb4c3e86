import { connect } from 'node:net';

/** How long nothing may come before the exchange counts as over. */
const QUIET_MS = 300;

/** Says these bytes on a connection of their own; resolves with all that was answered, once the server closed or went quiet. */
export function exchange(url: string, bytes: Buffer, quietMs = QUIET_MS): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const answer: Buffer[] = [];
    const socket = connect(Number(port), hostname);
    const over = (): void => {
      clearTimeout(quiet);
      socket.destroy();
      resolve(Buffer.concat(answer).toString('latin1'));
    };
    const quiet = setTimeout(over, quietMs);
    socket.on('data', (chunk: Buffer) => {
      answer.push(chunk);
      quiet.refresh();
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
