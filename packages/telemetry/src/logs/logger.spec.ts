import { describe, expect, it } from '@jest/globals';
import { StoreUnavailableError } from '@weir/errors';

import { enterTrace } from '../traces/active-trace.js';
import { createLogger } from './logger.js';

const logged = (write: (logger: ReturnType<typeof createLogger>) => void): readonly unknown[] => {
  const lines: string[] = [];
  const options = {
    name: 'ingest-api',
    version: '1.2.3',
    instance: 'host-1',
    logLevel: 'info',
    environment: 'test',
  } as const;
  write(createLogger(options, { write: (line) => lines.push(line) }));
  return lines.map((line) => JSON.parse(line) as unknown);
};

/** Of a span whose ids have one digit. */
const ids = (digit: string) => ({ trace_id: digit.repeat(32), span_id: digit.repeat(16) });
const within = (digit: string, work: () => void): void =>
  enterTrace({ traceId: digit.repeat(32), spanId: digit.repeat(16), sampled: true, remote: false }, work);

describe('createLogger', () => {
  it('writes one JSON object a line with service, version and instance', () => {
    expect(logged((logger) => logger.info({ port: 8000 }, 'listening'))).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
        service: 'ingest-api',
        version: '1.2.3',
        instance: 'host-1',
        port: 8000,
        message: 'listening',
      },
    ]);
  });

  it('writes an error with code, disposition, context and the chain of causes', () => {
    const error = new StoreUnavailableError('no connection', {
      cause: new Error('ECONNREFUSED'),
      context: { attempt: 3 },
    });
    const description = {
      type: 'StoreUnavailableError',
      message: 'no connection',
      code: 'store_unavailable',
      retryable: true,
      context: { attempt: 3 },
      stack: expect.any(String),
      cause: { type: 'Error', message: 'ECONNREFUSED', stack: expect.any(String) },
    };
    expect(logged((logger) => logger.error({ error }, 'failed'))).toMatchObject([{ error: description }]);
    expect(logged((logger) => logger.error(error))).toMatchObject([{ error: description, message: 'no connection' }]);
  });

  it('writes no secret, at any depth, in any key, message, error or child', () => {
    const lines = logged((logger) => {
      logger.info({ headers: { 'X-API-Key': 'hunter2', authorization: 'Bearer hunter2' } });
      logger.info({ a: { b: [{ sasl: { username: 'u', password: 'hunter2' } }] }, databaseUrl: 'hunter2' });
      logger.warn('connecting to postgres://weir:hunter2@db/x with wk_abc_hunter2 and wo_abc_hunter2');
      logger.error(new Error('postgres://weir:hunter2@db/x failed', { cause: { password: 'hunter2' } }));
      logger.child({ apiKey: 'hunter2' }).info('child');
    });
    expect(lines).toHaveLength(5);
    expect(JSON.stringify(lines)).not.toContain('hunter2');
    expect(JSON.stringify(lines)).toContain('postgres://***@db/x');
  });

  it('survives what cannot be written as JSON', () => {
    const loop: Record<string, unknown> = { big: 1n, bytes: Buffer.from('secret') };
    loop['self'] = loop;
    expect(logged((logger) => logger.info(loop, 'loop'))).toMatchObject([{ big: '1', bytes: '(6 bytes)' }]);
  });

  it('sums up a burst under the span of the line that is written, whichever span or none is open by then', () => {
    const lines = logged((logger) => {
      for (const digit of ['1', '2', '3', '4', '5']) within(digit, () => logger.warn('in a span'));
      for (let i = 0; i < 5; i += 1) logger.error('in none');
      within('6', () => logger.fatal('the end')); // writes what is held
    });
    expect(lines.slice(0, 3)).toMatchObject([ids('1'), ids('2'), ids('3')]);
    expect(lines.slice(6)).toEqual([
      expect.objectContaining({ message: 'in a span', repeated: 2, ...ids('5') }),
      expect.objectContaining({ message: 'in none', repeated: 2 }),
      expect.objectContaining({ message: 'the end', ...ids('6') }),
    ]);
    expect(lines[7]).not.toHaveProperty('trace_id');
    expect(lines[7]).not.toHaveProperty('span_id');
  });
});
