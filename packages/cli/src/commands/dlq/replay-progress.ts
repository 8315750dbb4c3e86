import { setTimeout as wait } from 'node:timers/promises';

import type { Replay } from '../../api/answers.js';
import { type HttpApi, segment } from '../../api/http-api.js';
import type { Context } from '../../context.js';
import { EXIT, type ExitCode } from '../../exit-codes.js';
import { Failure } from '../../failures.js';
import { bar, percent } from '../../terminal/bar.js';
import { count, counted, duration } from '../../terminal/figures.js';
import { ProgressLine } from '../../terminal/progress.js';
import type { Terminal } from '../../terminal/terminal.js';

const LOOK_EVERY_MS = 500;
const BAR = 24;
const RATE_WINDOW_MS = 10_000;
/** How long admin-service may be away while a replay is watched: the replay itself survives that. */
const AWAY_MS = 60_000;
const RECOVERED = ['applied', 'repeated'];
const PENDING = ['waiting', 'issued', 'published'];

const sumOf = ({ counts }: Replay, states: readonly string[]): number =>
  states.reduce((sum, state) => sum + (counts[state] ?? 0), 0);

/** From 0 to 1. */
export const doneOf = (replay: Replay): number =>
  replay.records === 0 ? 1 : (replay.records - sumOf(replay, PENDING)) / replay.records;

/**
 * Shows how far a replay is until it has ended, or has paused by itself: then somebody has to decide, and what it says tells how.
 *
 * Ctrl-C ends the looking and not the replay. Rejects as the API does, but for a while not where admin-service is away.
 */
export async function follow(context: Context, api: HttpApi, begun: Replay): Promise<Replay> {
  const line = new ProgressLine(context.terminal);
  const rate = new Rate();
  let replay = begun;
  let told = '';
  try {
    while (replay.finishedAt === null && !isStopped(replay)) {
      const held = heldBy(replay);
      if (held !== told && held !== '') line.say(held);
      told = held;
      line.show(progressOf(replay, rate.of(doneOf(replay) * replay.records)));
      await wait(LOOK_EVERY_MS, undefined, { signal: context.signal });
      replay = await lookAgain(context, api, replay);
    }
    return replay;
  } catch (error) {
    if (context.signal.aborted)
      throw new Failure(EXIT.interrupted, `The replay goes on. weir dlq watch ${replay.id} looks at it again.`);
    throw error;
  } finally {
    line.end();
  }
}

/** A canary has failed: nothing moves until somebody decides. */
const isStopped = ({ state, why }: Replay): boolean => state === 'paused' && why === 'canary_failed';

async function lookAgain({ signal }: Context, api: HttpApi, { id }: Replay): Promise<Replay> {
  for (const until = performance.now() + AWAY_MS; ;) {
    try {
      return await api.get<Replay>(`/api/v1/dlq/replays/${segment(id)}`);
    } catch (error) {
      const away = error instanceof Failure && error.exitCode === EXIT.away;
      if (!away || performance.now() > until) throw error;
      await wait(LOOK_EVERY_MS, undefined, { signal });
    }
  }
}

function heldBy({ state, why, heldBy: by }: Replay): string {
  if (state === 'paused') return `Paused (${why ?? 'operator'}): nothing more is issued until it is resumed.`;
  if (by !== null) return `Waits by itself (${by}): live metrics go first.`;
  return state === 'cancelling' ? 'It is cancelled once what was issued has answered.' : '';
}

/** How many a second, over the last ten seconds: a replay is fast or slow now, and not on average. */
class Rate {
  private seen: { readonly atMs: number; readonly done: number }[] = [];

  /** 0 until there is something to compare with. */
  of(done: number): number {
    const atMs = performance.now();
    this.seen = [...this.seen.filter((each) => atMs - each.atMs < RATE_WINDOW_MS), { atMs, done }];
    const [oldest] = this.seen;
    return oldest === undefined || atMs === oldest.atMs ? 0 : ((done - oldest.done) * 1_000) / (atMs - oldest.atMs);
  }
}

function progressOf(replay: Replay, rate: number): string {
  const done = doneOf(replay);
  const records = Math.round(done * replay.records);
  const left = rate > 0 ? `, ${duration(((replay.records - records) * 1_000) / rate)} left` : '';
  const failed = sumOf(replay, ['failed_again', 'expired', 'mismatch', 'capped', 'refused', 'unknown']);
  const canary = replay.canary?.state === 'waiting' ? `  canary of ${count(replay.canary.records)}` : '';
  const state = replay.state === 'running' ? canary : `  ${replay.state}`;
  return `${bar(done, BAR)} ${percent(done)}  ${count(records)} of ${count(replay.records)}, ${count(failed)} failed, ${count(Math.round(rate))}/s${left}${state}`;
}

/** How it ended, for people. */
export function outcomeLines(replay: Replay, { colors }: Terminal): string[] {
  const recovered = sumOf(replay, RECOVERED);
  const all = recovered === replay.records;
  const states = Object.entries(replay.counts).map(
    ([state, records]) => `${count(records)} ${state.replaceAll('_', ' ')}`,
  );
  const lines = [
    (all ? colors.green : colors.yellow)(
      `${replay.state}: ${count(recovered)} of ${counted(replay.records, 'record')} recovered`,
    ),
    `${states.join(', ')}  (${replay.id})`,
  ];
  if (isStopped(replay))
    lines.push(
      `The canary failed. weir dlq resume ${replay.id} goes on all the same, weir dlq cancel ${replay.id} ends it.`,
    );
  return lines;
}

export const exitCodeOf = (replay: Replay): ExitCode =>
  sumOf(replay, RECOVERED) === replay.records ? EXIT.ok : EXIT.incomplete;
