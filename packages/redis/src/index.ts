import { createClient, type RedisClientType } from 'redis';

export type RedisClient = RedisClientType;

export interface RedisOptions {
  /** How long a command may take. */
  readonly commandTimeoutMs?: number;
}

const CONNECT_TIMEOUT_MS = 2_000;
const COMMAND_TIMEOUT_MS = 1_000;
const RECONNECT_MAX_MS = 2_000;

/**
 * A client that connects by itself and for ever, and never keeps a command for later: while Redis is away each call rejects at once, and
 * says so to its caller alone.
 */
export function connectRedis(url: string, { commandTimeoutMs = COMMAND_TIMEOUT_MS }: RedisOptions = {}): RedisClient {
  const client: RedisClient = createClient({
    url,
    disableOfflineQueue: true,
    commandOptions: { timeout: commandTimeoutMs },
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectStrategy: (tries) => Math.min(50 * 2 ** tries, RECONNECT_MAX_MS),
    },
  });
  client.on('error', () => undefined);
  void client.connect().catch(() => undefined);
  return client;
}

/** Answers under way are waited for where Redis is there. */
export async function closeRedis(client: RedisClient): Promise<void> {
  if (client.isReady) await client.close();
  else client.destroy();
}
