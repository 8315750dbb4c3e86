import { describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';

import {
  classify,
  KafkaError,
  KafkaProducerError,
  messageOf,
  StoreUnavailableError,
  UnknownError,
  ValidationError,
} from './index.js';

describe('classify', () => {
  it('leaves an error of Weir as it is', () => {
    const error = new ValidationError('name', 'the name is empty');
    expect(classify(error)).toBe(error);
  });

  it('knows an error of PostgreSQL by its SQLSTATE and severity, and waits for it', () => {
    const thrown = Object.assign(new Error('terminating connection'), { code: '57P01', severity: 'FATAL' });
    const error = classify(thrown);
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(error).toMatchObject({ retryable: true, cause: thrown, context: { sqlState: '57P01' } });
  });

  it('knows an error of librdkafka by its number', () => {
    const thrown = Object.assign(new Error('Local: All broker connections are down'), { code: -187, errno: -187 });
    expect(classify(thrown)).toBeInstanceOf(KafkaError);
  });

  it('treats a refused connection as a broken system, though it is an error of another realm', async () => {
    const thrown = await new Promise<Error>((resolve) => connect(1, '127.0.0.1').once('error', resolve));
    expect(classify(thrown)).toMatchObject({ code: 'unknown', retryable: true, context: { code: 'ECONNREFUSED' } });
  });

  it.each([undefined, null, 'text', 7, Symbol('s'), {}, Object.create(null), { code: {} }, () => 1])(
    'never throws, and waits for what it does not know: %p',
    (thrown) => {
      const error = classify(thrown);
      expect(error).toBeInstanceOf(UnknownError);
      expect(error.retryable).toBe(true);
    },
  );
});

describe('messageOf', () => {
  it('finds the words of anything', () => {
    expect(messageOf(new KafkaProducerError('timed out'))).toBe('timed out');
    expect(messageOf('plain')).toBe('plain');
    expect(messageOf(Object.create(null))).toBe('an error that has no text');
  });
});
