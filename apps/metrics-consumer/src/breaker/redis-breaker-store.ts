import { closeRedis, connectRedis, type RedisClient } from '@weir/redis';

import { type BreakerState, CLOSED, parseBreakerState } from './breaker-state.js';
import type { BreakerStore } from './breaker-store.js';

/** Failed tries that nobody followed up in this time are not "in a row" with the next. */
const FAILURES_TTL_MS = 600_000;

/** Sets the state unless a newer one is there, and answers which is there then. */
const SAVE = `
local there = redis.call('GET', KEYS[1])
if there then
  local ok, state = pcall(cjson.decode, there)
  if ok and type(state) == 'table' and type(state.changedAt) == 'number' and state.changedAt > tonumber(ARGV[2]) then
    return there
  end
end
redis.call('SET', KEYS[1], ARGV[1])
return ARGV[1]`;

/**
 * The breaker of one consumer group in Redis, so that a restarted instance does not forget it.
 */
export class RedisBreakerStore implements BreakerStore {
  private readonly client: RedisClient;
  private readonly stateKey: string;
  private readonly failuresKey: string;

  constructor(url: string, group: string) {
    // In braces, so that a cluster keeps both in one slot.
    this.stateKey = `weir:{${group}}:breaker`;
    this.failuresKey = `weir:{${group}}:breaker:failures`;
    this.client = connectRedis(url);
  }

  async ping(): Promise<void> {
    await this.client.ping();
  }

  async load(): Promise<BreakerState | null> {
    const text = await this.client.get(this.stateKey);
    return text === null ? null : (parseBreakerState(text) ?? CLOSED);
  }

  async save(state: BreakerState): Promise<BreakerState> {
    const text = await this.client.eval(SAVE, {
      keys: [this.stateKey],
      arguments: [JSON.stringify(state), String(state.changedAt)],
    });
    return typeof text === 'string' ? (parseBreakerState(text) ?? state) : state;
  }

  async countFailure(): Promise<number> {
    const [count] = await this.client
      .multi()
      .incr(this.failuresKey)
      .pExpire(this.failuresKey, FAILURES_TTL_MS)
      .execTyped();
    return count;
  }

  async forgetFailures(): Promise<void> {
    await this.client.del(this.failuresKey);
  }

  close(): Promise<void> {
    return closeRedis(this.client);
  }
}
