import { closeRedis, connectRedis, type RedisClient } from '@weir/redis';

import type { Grant, SeriesLimit, SharedLimits } from './shared-limits.js';
import type { Rate } from './token-bucket.js';

/** A request waits for this at most, and then goes by what the instance counted alone. */
const COMMAND_TIMEOUT_MS = 100;
/** After a failure nobody asks for so long: one request in so many waits in vain while Redis hangs, and not each. */
const PAUSE_MS = 1_000;
/** Bounds how long one call keeps Redis from others: some milliseconds. */
const SERIES_A_CALL = 500;

/** TokenBucket, by the clock of Redis. Answers what was granted, and milliseconds to wait. */
const TAKE = `
local rate, burst, count, ahead = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local state = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(state[1]) or burst, tonumber(state[2]) or now
tokens = math.min(burst, tokens + math.max(0, now - at) * rate / 1000)
local missing = math.min(count, burst) - tokens
if missing > 0 then
  return { 0, math.ceil(missing / rate * 1000) }
end
local granted = count + math.floor(math.max(0, math.min(ahead, tokens - count)))
redis.call('HSET', KEYS[1], 'tokens', tokens - granted, 'at', now)
redis.call('PEXPIRE', KEYS[1], math.ceil((burst - tokens + granted) / rate * 1000) + 1000)
return { granted, 0 }`;

/** A sorted set by the time of the last sample: exact, at about a hundred bytes a series. Answers "1" and "0" in the order asked. */
const ADMIT = `
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = math.floor(time[1] * 1000 + time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
local active = redis.call('ZCARD', KEYS[1])
local answers = {}
for i = 3, #ARGV do
  local known = redis.call('ZSCORE', KEYS[1], ARGV[i])
  if not known and active >= limit then
    answers[#answers + 1] = '0'
  else
    if not known then active = active + 1 end
    redis.call('ZADD', KEYS[1], now, ARGV[i])
    answers[#answers + 1] = '1'
  end
end
redis.call('PEXPIRE', KEYS[1], window)
return table.concat(answers)`;

/** Limits that instances share through Redis: an instance more takes in no more. */
export class RedisLimits implements SharedLimits {
  private readonly client: RedisClient;
  private pausedUntil = 0;

  constructor(
    url: string,
    /** Told after each call whether Redis answered. */
    private readonly reachable: (isReachable: boolean) => void,
    private readonly clock: () => number = () => performance.now(),
    commandTimeoutMs = COMMAND_TIMEOUT_MS,
  ) {
    this.client = connectRedis(url, { commandTimeoutMs });
  }

  async takeSamples(tenantId: string, rate: Rate, count: number, ahead: number): Promise<Grant> {
    const answer = await this.ask(TAKE, `weir:{${tenantId}}:samples`, [rate.perSecond, rate.burst, count, ahead]);
    const [granted, waitMs] = Array.isArray(answer) ? answer.map(Number) : [];
    if (granted === undefined || waitMs === undefined) throw new TypeError('Redis answered no grant');
    return waitMs > 0 ? { waitMs } : { granted };
  }

  async admitSeries(tenantId: string, limit: SeriesLimit, series: readonly string[]): Promise<readonly boolean[]> {
    const admitted: boolean[] = [];
    for (let from = 0; from < series.length; from += SERIES_A_CALL) {
      const some = series.slice(from, from + SERIES_A_CALL);
      const answer = await this.ask(ADMIT, `weir:{${tenantId}}:series`, [limit.maxActive, limit.windowMs, ...some]);
      if (typeof answer !== 'string' || answer.length !== some.length)
        throw new TypeError('Redis answered no verdicts');
      for (const verdict of answer) admitted.push(verdict === '1');
    }
    return admitted;
  }

  /** A round trip; for health checks. */
  async ping(): Promise<void> {
    await this.client.ping();
  }

  close(): Promise<void> {
    return closeRedis(this.client);
  }

  private async ask(script: string, key: string, values: readonly (string | number)[]): Promise<unknown> {
    if (this.clock() < this.pausedUntil) throw new Error('Redis did not answer a moment ago');
    try {
      const answer: unknown = await this.client.eval(script, { keys: [key], arguments: values.map(String) });
      this.reachable(true);
      return answer;
    } catch (error) {
      this.pausedUntil = this.clock() + PAUSE_MS;
      this.reachable(false);
      throw error;
    }
  }
}
