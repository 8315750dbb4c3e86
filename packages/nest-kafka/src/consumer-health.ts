import type { ConsumerState, PartitionLag } from '@weir/kafka';
import type { CheckResult, HealthStatus } from '@weir/telemetry';

/**
 * What `/health/consumer` tells: whether every consumer of the app takes records, and what each is up to, by the registry's name of its topic.
 *
 * One that waits for another system or has not joined its group yet is unhealthy, so the app is not ready; one that
 * somebody has paused is degraded, since it does what it was told.
 */
export function consumerHealth(
  states: ReadonlyMap<string, ConsumerState>,
  lags: ReadonlyMap<string, readonly PartitionLag[]> = new Map(),
): CheckResult {
  const statuses = [...states.values()].map(statusOf);
  return {
    status: statuses.find((status) => status === 'unhealthy') ?? statuses.find((s) => s === 'degraded') ?? 'healthy',
    consumers: Object.fromEntries(
      [...states].map(([topic, { status, reason, since, assigned }]) => [
        topic,
        {
          status,
          ...(reason !== undefined && { reason }),
          since: new Date(since).toISOString(),
          assigned,
          ...lagIn(lags.get(topic)),
        },
      ]),
    ),
  };
}

function statusOf({ status, reason }: ConsumerState): HealthStatus {
  if (status === 'running') return 'healthy';
  return status === 'waiting' && reason === 'paused' ? 'degraded' : 'unhealthy';
}

/** Over all partitions, as measured last; `lag_seconds` is the age of the oldest record in hand. Nothing before it was measured. */
function lagIn(lags: readonly PartitionLag[] | undefined): object {
  if (lags === undefined) return {};
  return {
    lag: lags.reduce((sum, { lag }) => sum + lag, 0),
    lag_seconds: Math.round(Math.max(0, ...lags.map(({ behindMs }) => behindMs ?? 0)) / 1_000),
  };
}
