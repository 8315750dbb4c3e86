import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { connect } from 'node:net';

/** How a user proves who it is (RFC 5802, RFC 7677). */
export type ScramMechanism = 'SCRAM-SHA-256' | 'SCRAM-SHA-512';

export interface ScramUser {
  readonly user: string;
  readonly mechanism: ScramMechanism;
  readonly password: string;
}

const MECHANISMS = {
  'SCRAM-SHA-256': { id: 1, digest: 'sha256', bytes: 32 },
  'SCRAM-SHA-512': { id: 2, digest: 'sha512', bytes: 64 },
} as const;
/** The fewest that a broker takes. */
const ITERATIONS = 4_096;
const ALTER_USER_SCRAM_CREDENTIALS = 51;
const NO_TAGS = Buffer.of(0);
const ANSWER_TIMEOUT_MS = 10_000;

/**
 * Gives a user a password, or another one, by way of a listener that asks for none.
 *
 * None of the Kafka clients for Node can do it and Kafka's own tool needs a second of a JVM, so this is the one request of KIP-554 by
 * itself (AlterUserScramCredentials, version 0). The brokers learn of it within moments; connections that stand go on.
 */
export async function setScramPassword(bootstrapServers: string, account: ScramUser): Promise<void> {
  const { user, mechanism, password } = account;
  const { id, digest, bytes } = MECHANISMS[mechanism];
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, ITERATIONS, bytes, digest);
  const upsertion = [compact(user), int8(id), int32(ITERATIONS), compact(salt), compact(salted), NO_TAGS];
  const body = Buffer.concat([array(0), array(1), ...upsertion, NO_TAGS]);
  const failures: unknown[] = [];
  for (const server of bootstrapServers.split(',')) {
    try {
      await alterCredentials(server, body);
      return;
    } catch (error) {
      failures.push(error);
    }
  }
  throw new AggregateError(failures, `No broker changed the password of ${user}: ${String(failures[0])}`);
}

async function alterCredentials(server: string, body: Buffer): Promise<void> {
  const clientId = 'weir-local-stack';
  const header = [int16(ALTER_USER_SCRAM_CREDENTIALS), int16(0), int32(0), int16(clientId.length)];
  const request = Buffer.concat([...header, Buffer.from(clientId), NO_TAGS, body]);
  const answer = await ask(server, request);
  // Correlation id, tags, throttle time, the number of results plus one, and of the only result its user, code and message.
  const userBytes = answer.readUInt8(10) - 1;
  const codeAt = 11 + userBytes;
  const code = answer.readInt16BE(codeAt);
  if (code === 0) return;
  const message = answer.subarray(codeAt + 3, codeAt + 2 + answer.readUInt8(codeAt + 2)).toString('utf8');
  throw new Error(`The broker does not change the password: ${message || `error ${code}`}`);
}

/** One request, one answer, each with its length before it. */
function ask(server: string, request: Buffer): Promise<Buffer> {
  const [host = '', port = ''] = server.split(':');
  const socket = connect(Number(port), host);
  const answer = new Promise<Buffer>((resolve, reject) => {
    let received = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) resolve(received.subarray(4));
    });
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy(new Error(`${server} does not answer`)));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`${server} ended the connection`)));
  });
  socket.write(Buffer.concat([int32(request.length), request]));
  return answer.finally(() => socket.destroy());
}

const int8 = (value: number): Buffer => Buffer.of(value);

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** Text or bytes with their length plus one as a varint before them, which is one byte as long as that is below 128 (KIP-482). */
function compact(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([array(bytes.length), bytes]);
}

function array(length: number): Buffer {
  if (length > 126) throw new RangeError('A name of more than 126 bytes');
  return Buffer.of(length + 1);
}
