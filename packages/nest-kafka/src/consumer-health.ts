import type { ConsumerState } from '@weir/kafka';
import type { CheckResult, HealthStatus } from '@weir/telemetry';

/**
 * What `/health/consumer` tells: whether every consumer of the app takes records, and what each is up to, by the registry's name of its topic.
 *
 * One that waits for another system or has not joined its group yet is unhealthy, so the app is not ready; one that
 * somebody has paused is degraded, since it does what it was told.
 */
export function consumerHealth(states: ReadonlyMap<string, ConsumerState>): CheckResult {
  const statuses = [...states.values()].map(statusOf);
  return {
    status: statuses.find((status) => status === 'unhealthy') ?? statuses.find((s) => s === 'degraded') ?? 'healthy',
    consumers: Object.fromEntries(
      [...states].map(([topic, { status, reason, since, assigned }]) => [
        topic,
        { status, ...(reason !== undefined && { reason }), since: new Date(since).toISOString(), assigned },
      ]),
    ),
  };
}

function statusOf({ status, reason }: ConsumerState): HealthStatus {
  if (status === 'running') return 'healthy';
  return status === 'waiting' && reason === 'paused' ? 'degraded' : 'unhealthy';
}
