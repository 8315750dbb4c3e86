import type { Logger } from '@weir/telemetry';

/**
 * Changes the level of a running process: each SIGUSR2 goes one step on, from the configured level to debug, to trace, and back.
 *
 * A signal needs no port and no key: whoever may send it may also end the process.
 */
export function changeLevelBySignal(logger: Logger): void {
  const levels = [...new Set([logger.level, 'debug', 'trace'])];
  process.on('SIGUSR2', () => {
    const before = logger.level;
    const next = levels[(levels.indexOf(before) + 1) % levels.length] ?? before;
    logger.level = 'info'; // whatever it goes from and to, that much is said
    logger.info({ from: before, to: next }, 'Told to log at another level');
    logger.level = next;
  });
}
