import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { eventually } from '@weir/testing';

import type { Outcome } from '../src/metrics/outcome.js';
import { OutcomeStep } from '../src/metrics/outcome.step.js';
import { ConsumerApp } from './support/consumer-app.js';
import { events } from './support/events.js';

let consumer: ConsumerApp | null = null;
afterEach(async () => {
  jest.restoreAllMocks();
  await consumer?.close();
  consumer = null;
});

async function running(): Promise<ConsumerApp> {
  consumer = await ConsumerApp.create(() => ({}), 1);
  await consumer.start();
  await consumer.topics.sendEvents(events(10, { name: 'before' }));
  await consumer.untilSettled(10);
  await consumer.untilCaughtUp();
  return consumer;
}

/** Eight records that come as one batch, as what waits for a consumer that starts does. */
async function sentAtOnce(app: ConsumerApp): Promise<void> {
  await app.stop();
  await app.topics.sendEvents(events(8, { name: 'dropped' }));
  await app.start();
}

/** From now on the consumer's step of outcomes answers what `spoil` makes of its outcomes. Ends with the answer called. */
function spoilOutcomes(spoil: (outcomes: Outcome[]) => Outcome[]): () => void {
  // oxlint-disable-next-line typescript/unbound-method -- called below with the step that it belongs to
  const apply = OutcomeStep.prototype.apply;
  const spy = jest.spyOn(OutcomeStep.prototype, 'apply').mockImplementation(async function (
    this: OutcomeStep,
    records,
  ) {
    return spoil(await apply.call(this, records));
  });
  return () => spy.mockRestore();
}

const metric = async (app: ConsumerApp, name: string): Promise<string | undefined> =>
  new RegExp(`^${name}(?:\\{[^}]*\\})? (\\d+)$`, 'mu').exec((await app.get('/metrics')).body)?.[1];

describe('the ledger, where a step drops a record', () => {
  const drops: { how: string; spoil: (outcomes: Outcome[]) => Outcome[] }[] = [
    { how: 'in the middle of a batch', spoil: (outcomes) => outcomes.filter((_, i) => i !== 3) },
    { how: 'at the end of one', spoil: (outcomes) => outcomes.slice(0, -1) },
    {
      how: 'and counts its neighbour in its place',
      spoil: (outcomes) => outcomes.map((each, i) => outcomes[i === 3 ? 4 : i] ?? each),
    },
    { how: 'and all others with it', spoil: () => [] },
  ];
  it.each(drops)('refuses to be moved past it, $how: nothing is settled, and readiness says why', async ({ spoil }) => {
    const app = await running();
    const mend = spoilOutcomes(spoil);
    await sentAtOnce(app);
    await eventually(
      () => app.get('/health/ready'),
      ({ status, body }) => status === 503 && body.includes('ledger_accounting'),
    );
    expect(await app.ledger()).toMatchObject({ balanced: true, partitions: [{ next: 10, stored: 10 }] });
    expect(await app.committed()).toBe(10);

    mend();
    await app.untilCaughtUp();
    expect(await app.ledger()).toMatchObject({ balanced: true, partitions: [{ next: 18, stored: 18, gap: 0 }] });
    expect(await app.samples()).toHaveLength(18);
  });

  it('refuses to be moved past a row that the database dropped without an error', async () => {
    const app = await running();
    await app.sql(`CREATE FUNCTION drop_one() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      RETURN CASE WHEN NEW.value = 3 THEN NULL ELSE NEW END; END $$`);
    await app.sql('CREATE TRIGGER drop_one BEFORE INSERT ON metrics.samples FOR EACH ROW EXECUTE FUNCTION drop_one()');
    await sentAtOnce(app);
    await eventually(
      () => app.get('/metrics'),
      ({ body }) => /weir_consumer_batch_retries_total\{[^}]*code="store_unavailable"\} [1-9]/u.test(body),
    );
    expect(await app.ledger()).toMatchObject({ partitions: [{ next: 10, stored: 10 }] });

    await app.sql('DROP TRIGGER drop_one ON metrics.samples');
    await app.untilCaughtUp();
    expect(await app.samples()).toHaveLength(18);
    expect(app.topics.deadLetterCount).toBe(0);
  });
});

describe('the ledger, out of balance', () => {
  it('says so at GET /ledger, in the metric, in health and in the log; storing goes on; and it says when it adds up again', async () => {
    const said = jest.spyOn(Logger.prototype, 'error');
    const app = await running();
    await eventually(
      () => metric(app, 'weir_ledger_unbalanced_partitions'),
      (value) => value === '0',
    );
    await app.sql('UPDATE metrics.ledger SET stored = stored - 1'); // one record is neither stored nor explained

    expect(await app.ledger()).toMatchObject({ balanced: false, partitions: [{ next: 10, stored: 9 }] });
    await eventually(
      () => metric(app, 'weir_ledger_unbalanced_partitions'),
      (value) => value === '1',
    );
    const lines = said.mock.calls.flat().filter((text) => String(text).includes('does not add up'));
    expect(lines).toHaveLength(1);
    expect(
      await eventually(
        () => app.get('/health'),
        ({ body }) => body.includes('ledger_unbalanced'),
      ),
    ).toMatchObject({ status: 200 });
    const ready = await app.get('/health/ready');
    expect(ready).toMatchObject({ status: 200 });
    expect(ready.body).toContain('ledger_unbalanced');

    await app.topics.sendEvents(events(5, { name: 'after' }));
    await app.untilCaughtUp();
    expect(await app.ledger()).toMatchObject({ balanced: false, partitions: [{ next: 15, stored: 14 }] });

    await app.sql('UPDATE metrics.ledger SET stored = stored + 1');
    await eventually(
      () => metric(app, 'weir_ledger_unbalanced_partitions'),
      (value) => value === '0',
    );
    expect(await app.ledger()).toMatchObject({ balanced: true });
    expect((await app.get('/health/ledger')).body).toContain('healthy');
  });
});
