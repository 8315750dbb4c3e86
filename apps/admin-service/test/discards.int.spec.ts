import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@weir/testing';

import { AdminApp } from './support/admin-app.js';
import { type LetterFacts, Writers } from './support/dead-letters.js';

interface Letter {
  readonly id: string;
  readonly state: string;
}

const of = (tenant: string, count: number): LetterFacts[] => Array.from({ length: count }, () => ({ tenant }));

describe('what operators give up', () => {
  let admin: AdminApp;
  let writers: Writers;
  beforeAll(async () => {
    admin = await AdminApp.start();
    writers = await Writers.start(admin.topics);
  });
  afterAll(async () => {
    await writers.close();
    await admin.close();
  });

  const indexed = async (facts: readonly LetterFacts[]): Promise<void> => {
    await writers.letters(facts);
    await eventually(
      () => admin.done('GET', '/dlq/index'),
      ({ behind }) => behind === 0,
    );
  };
  const list = async (query: string): Promise<Letter[]> => {
    const { items } = await admin.done('GET', `/dlq/messages?limit=500&${query}`);
    return items as Letter[];
  };
  const states = async (tenant: string): Promise<string[]> =>
    (await list(`tenant=${tenant}`)).map(({ state }) => state).toSorted();
  const discard = (body: object) => admin.call('POST', '/api/v1/dlq/messages/discard', { body });
  const restore = (body: object) => admin.call('POST', '/api/v1/dlq/messages/restore', { body });

  it('is one letter, with a reason, and taken back; the audit tells of both', async () => {
    await indexed(of('one', 1));
    const [letter] = await list('tenant=one');
    const path = `/dlq/messages/${letter?.id}`;
    expect(await admin.done('POST', `${path}/discard`, { body: { reason: 'a test of theirs' } })).toMatchObject({
      state: 'discarded',
      discarded: { reason: 'a test of theirs' },
    });
    expect(await states('one')).toEqual(['discarded']);
    expect(await admin.done('GET', '/dlq/groups?tenant=one')).toMatchObject({ items: [{ counts: { discarded: 1 } }] });
    expect(await admin.call('POST', `/api/v1${path}/discard`, { body: { reason: 'again' } })).toMatchObject({
      status: 409,
      body: { code: 'letter_state', state: 'discarded' },
    });
    expect(await admin.done('POST', `${path}/restore`)).toMatchObject({ state: 'open', discarded: null });
    expect(await admin.call('POST', `/api/v1${path}/restore`)).toMatchObject({ status: 409 });
    const { items } = await admin.done('GET', `/audit?target=dead-letter:${letter?.id}`);
    expect(items).toMatchObject([
      { action: 'dlq.restore' },
      { action: 'dlq.discard', after: { reason: 'a test of theirs' } },
    ]);
  });

  it('is all that a filter finds, once its count is confirmed, and taken back in the same way', async () => {
    await indexed([...of('many', 300), ...of('other', 1)]);
    const [first] = await list('tenant=many');
    await admin.done('POST', `/dlq/messages/${first?.id}/discard`, { body: { reason: 'alone' } });
    const request = { filter: { tenant: 'many' }, reason: 'an exporter that measured nothing' };
    const found = { done: false, records: 299, excluded: { discarded: 1 } };
    expect(await discard(request)).toMatchObject({ status: 200, body: found });
    expect(await list('tenant=many&state=discarded')).toHaveLength(1);
    expect(await discard({ ...request, confirm: 299 })).toMatchObject({ status: 200, body: { ...found, done: true } });
    expect(new Set(await states('many'))).toEqual(new Set(['discarded']));
    expect(await states('other')).toEqual(['open']);
    expect(await admin.done('GET', '/dlq/groups?tenant=many')).toMatchObject({
      items: [{ counts: { discarded: 300 } }],
    });
    expect(await admin.done('GET', `/dlq/messages/${first?.id}`)).toMatchObject({ discarded: { reason: 'alone' } });

    expect(await restore({ filter: { tenant: 'many' } })).toMatchObject({ body: { done: false, records: 300 } });
    expect(await restore({ filter: { tenant: 'many' }, confirm: 300 })).toMatchObject({ body: { done: true } });
    expect(new Set(await states('many'))).toEqual(new Set(['open']));
    expect(await admin.done('GET', '/audit?target=dead-letters')).toMatchObject({
      items: [
        { action: 'dlq.restore_many', before: { records: 300 } },
        { action: 'dlq.discard_many', before: { records: 299 }, after: { reason: request.reason } },
      ],
    });
  });

  it('is no more and no less than was confirmed', async () => {
    await indexed(of('changing', 3));
    const request = { filter: { tenant: 'changing' }, reason: 'three of them' };
    expect(await discard({ ...request, confirm: 2 })).toMatchObject({
      status: 409,
      body: { code: 'selection_changed', records: 3 },
    });
    await indexed(of('changing', 1));
    expect(await discard({ ...request, confirm: 3 })).toMatchObject({
      status: 409,
      body: { code: 'selection_changed', records: 4 },
    });
    expect(new Set(await states('changing'))).toEqual(new Set(['open']));
  });

  it('is nothing that a replay holds, nor is replayed what is given up', async () => {
    await indexed(of('held', 4));
    const [one, ...others] = (await list('tenant=held')).map(({ id }) => id);
    const { hash } = await admin.done('POST', '/dlq/replays/plan', { body: { ids: [one] } });
    const { hash: later } = await admin.done('POST', '/dlq/replays/plan', { body: { ids: others } });
    await admin.done('POST', '/dlq/replays', { body: { hash } });
    expect(await discard({ filter: { tenant: 'held' }, reason: 'too late', confirm: 3 })).toMatchObject({
      body: { done: true, records: 3, excluded: { replaying: 1 } },
    });
    expect(await states('held')).toEqual(['discarded', 'discarded', 'discarded', 'replaying']);
    expect(await admin.call('POST', '/api/v1/dlq/replays', { body: { hash: later } })).toMatchObject({
      status: 409,
      body: { code: 'plan_changed', removedCount: 3 },
    });
  });

  it('says what a request has to have', async () => {
    for (const wrong of [
      {},
      { filter: { tenant: 'x' } },
      { reason: 'why' },
      { reason: 'why', filter: { tenants: 'x' } },
      { reason: 'why', filter: {}, ids: ['0-1'] },
      { reason: 'why', filter: {}, confirm: true },
      { reason: 'why', filter: {}, confirm: 0 },
      { reason: 'why', filter: {}, confirmed: 1 },
    ])
      expect([wrong, (await discard(wrong)).status]).toEqual([wrong, 422]);
  });
});
