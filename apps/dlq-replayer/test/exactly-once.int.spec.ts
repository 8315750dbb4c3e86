import { setTimeout as wait } from 'node:timers/promises';

import { afterEach, describe, expect, it } from '@jest/globals';
import type { ReplayChunk } from '@weir/avro';
import { eventually, uniqueName } from '@weir/testing';

import { LiveTraffic } from './support/live-traffic.js';
import { chunksOf, ReplayTopics } from './support/replay-topics.js';
import { ReplayerProcess } from './support/replayer-process.js';

const PARTITIONS = 2;
const RAW_PARTITIONS = 3;
const KILLS = 4;

let topics: ReplayTopics;
let group = '';
let processes: ReplayerProcess[] = [];
let live: LiveTraffic | null = null;

afterEach(async () => {
  await Promise.all(processes.splice(0).map((each) => each.kill()));
  await live?.close();
  live = null;
  await topics.close();
});

/** Dead letters with their numbers as values, planned as one replay a partition; and others go on writing to the topic that they came from. */
async function planned(records: number, chunk: number): Promise<readonly (readonly ReplayChunk[])[]> {
  topics = await ReplayTopics.create({ partitions: PARTITIONS, rawPartitions: RAW_PARTITIONS });
  group = uniqueName('replayer');
  const letters = await topics.numbered(records);
  const share = Math.ceil(records / PARTITIONS);
  live = await new LiveTraffic(topics.raw).start(RAW_PARTITIONS);
  return Array.from({ length: PARTITIONS }, (_, partition) =>
    chunksOf(letters.slice(partition * share, (partition + 1) * share), chunk, { replay_id: `r${partition}` }),
  );
}

/** The part of each replay between two shares of it. */
async function issue(replays: readonly (readonly ReplayChunk[])[], from = 0, to = 1): Promise<void> {
  for (const [partition, chunks] of replays.entries())
    await topics.issue(chunks.slice(Math.round(chunks.length * from), Math.round(chunks.length * to)), partition);
}

function member(): ReplayerProcess {
  const made = new ReplayerProcess(topics, group).start();
  processes.push(made);
  return made;
}

const answeredSoFar = (): Promise<number> => topics.answerCount();

interface Tally {
  /** Different dead letters that are back. */
  readonly published: number;
  /** Those of them that are back more than once. */
  readonly repeated: readonly string[];
  readonly answers: number;
  /** Answers that name a place where no replayed record is. */
  readonly wrong: number;
  /** Whether others wrote to the topic all the while. */
  readonly live: boolean;
  /** How much longer a reader of what they wrote waited than a transaction may stay open. */
  readonly heldBackMs: number;
}

/** Ten seconds, and what a busy machine adds to them. */
const LONGEST_HELD_BACK_MS = 15_000;

const eachOnce = (records: number): Tally => ({
  published: records,
  repeated: [],
  answers: records,
  wrong: 0,
  live: true,
  heldBackMs: 0,
});

/** What there is once so many records are answered and every command is passed. */
async function tally(records: number): Promise<Tally> {
  const events = await topics.answered(records, 240_000);
  await eventually(
    () => topics.admin.lag(group, [topics.commands]),
    (lags) => lags.every(({ lag }) => lag === 0),
    { timeoutMs: 90_000, intervalMs: 250 },
  );
  const replayed = (await topics.all(topics.raw)).filter(({ value }) => value?.toString().startsWith('v') === true);
  const times = new Map<string, number>();
  for (const { value } of replayed) times.set(String(value), (times.get(String(value)) ?? 0) + 1);
  const places = new Set(replayed.map(({ partition, offset }) => `${partition}/${offset}`));
  const answers = events.flatMap(({ answer }) => answer?.records ?? []);
  return {
    published: times.size,
    repeated: [...times].flatMap(([value, count]) => (count > 1 ? [value] : [])),
    answers: answers.length,
    live: ((await live?.finish()) ?? 0) > 100,
    heldBackMs: Math.max(0, (live?.longestMs ?? 0) - LONGEST_HELD_BACK_MS),
    wrong: answers.filter(({ partition, offset }) => !places.has(`${partition}/${offset}`)).length,
  };
}

describe('dlq-replayer: every record is published once, and live traffic goes on,', () => {
  it('while its processes are killed at any moment and started again', async () => {
    const replays = await planned(5_000, 20);
    const members = [member(), member()];
    await Promise.all(members.map((each) => each.ready()));
    for (let turn = 0; turn < KILLS; turn += 1) {
      const before = await answeredSoFar();
      await issue(replays, turn / KILLS, (turn + 1) / KILLS); // so that there is work left whenever one is killed
      await eventually(answeredSoFar, (now) => now > before, { timeoutMs: 90_000, intervalMs: 20 });
      await wait(Math.random() * 300); // anywhere in a chunk
      const victim = members[turn % members.length];
      await victim?.kill();
      // The other one takes over; were both away, the brokers' time-out would have to end what was open.
      await victim?.start().ready();
    }
    expect(await tally(5_000)).toEqual(eachOnce(5_000));
  }, 600_000);

  it('while one is frozen for longer than its session, others take over, and it wakes up', async () => {
    const replays = await planned(3_000, 50);
    const members = [member(), member()];
    await Promise.all(members.map((each) => each.ready()));
    for (const [turn, frozen] of members.entries()) {
      const before = await answeredSoFar();
      await issue(replays, turn / 2, (turn + 0.5) / 2);
      await eventually(answeredSoFar, (now) => now > before, { timeoutMs: 90_000, intervalMs: 20 });
      frozen.freeze();
      // Work for both partitions, and that which the frozen one had in its hands: the other one answers all of it.
      await issue(replays, (turn + 0.5) / 2, (turn + 1) / 2);
      await eventually(answeredSoFar, (now) => now >= (turn + 1) * 1_500, { timeoutMs: 90_000, intervalMs: 250 });
      frozen.thaw();
      await frozen.ready();
    }
    expect(await tally(3_000)).toEqual(eachOnce(3_000));
  }, 600_000);

  it('while members join and leave', async () => {
    await issue(await planned(4_000, 50));
    let newest = await member().ready();
    for (let turn = 0; turn < 4; turn += 1) {
      const before = await answeredSoFar();
      await eventually(answeredSoFar, (now) => now > before || now >= 4_000, { timeoutMs: 90_000, intervalMs: 20 });
      const joined = await member().ready();
      await newest.terminate();
      newest = joined;
    }
    expect(await tally(4_000)).toEqual(eachOnce(4_000));
  }, 600_000);
});
