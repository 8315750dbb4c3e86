import { once } from 'node:events';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@weir/testing';

import { OutboxFixture } from './support/fixture.js';

describe('relays of one outbox', () => {
  let fixture: OutboxFixture;
  beforeEach(async () => {
    fixture = await OutboxFixture.create();
  });
  afterEach(() => fixture.close());

  it('work one at a time, and another goes on at once where one stops', async () => {
    const [first, second] = [fixture.relay(), fixture.relay()];
    first.start();
    await eventually(() => first.state === 'publishing');
    second.start();
    await fixture.say('k', '1');
    await fixture.untilEmpty();
    expect(second.state).toBe('standing_by');
    await first.stop();
    await fixture.say('k', '2');
    await fixture.untilEmpty();
    expect(second.state).toBe('publishing');
    expect(await fixture.values()).toEqual(['1', '2']);
  });

  it('put no old state on top: one that froze with it in its hands publishes nothing after its successor', async () => {
    const frozen = fixture.child(50, 1);
    let said = '';
    frozen.stdout?.on('data', (chunk) => (said += String(chunk)));
    await eventually(() => said.includes('publishing'));
    await fixture.say('tenant', 'v1'); // the child stops itself with this in its hands
    const { pid } = frozen;
    await eventually(async () => (await statusOf(pid)).startsWith('T'));
    await fixture.say('tenant', 'v2');

    const successor = fixture.relay();
    successor.start();
    await fixture.untilEmpty();
    expect(await fixture.values()).toEqual(['v1', 'v2']);

    frozen.kill('SIGCONT');
    await eventually(() => said.includes('failed'), Boolean, { timeoutMs: 60_000 });
    await fixture.say('tenant', 'v3');
    await fixture.untilEmpty();
    const values = await fixture.values();
    expect(values).toEqual(['v1', 'v2', 'v3']);
    expect(said).toMatch(/failed (producer_fenced|transaction_must_abort)/);
  });

  it('lose nothing and put no older state of a key on top, killed at any moment', async () => {
    const keys = ['a', 'b', 'c'];
    const COUNT = 300;
    let written = 0;
    const writing = (async () => {
      for (let i = 1; i <= COUNT; i += 1) {
        for (const key of keys) await fixture.say(key, `${key}:${i}`);
        written = i;
      }
    })();
    for (let round = 0; round < 6; round += 1) {
      const child = fixture.child(20);
      const before = written;
      const exit = once(child, 'exit');
      await once(child.stdout ?? child, 'data');
      await eventually(() => written >= Math.min(before + 15, COUNT));
      await eventually(
        async () => (await fixture.outbox.backlog(fixture.pool)).messages < 40 || written === COUNT,
        Boolean,
        {
          intervalMs: round * 3,
        },
      );
      child.kill('SIGKILL');
      await exit;
    }
    await writing;
    fixture.relay().start();
    await fixture.untilEmpty();
    const values = await fixture.values();
    for (const key of keys) {
      const versions = values.flatMap((value) => (value?.startsWith(key) === true ? [Number(value.slice(2))] : []));
      const firsts = versions.filter((version, at) => versions.indexOf(version) === at);
      expect(firsts).toEqual(Array.from({ length: COUNT }, (_, i) => i + 1));
      expect(versions.at(-1)).toBe(COUNT);
    }
  }, 300_000); // seven processes, one after the other

  it('publish again the very batch that a killed one had not settled, before anything else', async () => {
    await fixture.say('k', '1', '2', '3');
    // As a relay leaves it that dies between the brokers' commit and the deletion of the rows.
    await fixture.pool.query(`UPDATE app.outbox_batch SET ids = ARRAY(SELECT id FROM app.outbox ORDER BY id LIMIT 2)`);
    const taken: number[] = [];
    fixture.relay({ batchMessages: 1, observer: { taken: (count) => taken.push(count) } }).start();
    await fixture.untilEmpty();
    expect(taken).toEqual([2, 1]);
    expect(await fixture.values()).toEqual(['1', '2', '3']);
  });
});

/** The state of a process by /proc or ps: `T` is stopped. */
async function statusOf(pid: number | undefined): Promise<string> {
  const { execFile } = await import('node:child_process');
  const { promisify } = await import('node:util');
  const { stdout } = await promisify(execFile)('ps', ['-o', 'stat=', '-p', String(pid)]);
  return stdout.trim();
}
