import { readFileSync } from 'node:fs';

import { BadRequestException, HttpException, NotFoundException, ServiceUnavailableException } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import {
  ConfigurationError,
  KafkaProducerError,
  QueryBudgetError,
  SchemaRegistryUnavailableError,
  UnknownError,
} from '@weir/errors';

import { CODE_OF_STATUS, FASTIFY_PROBLEMS, problemOf } from './problem-of.js';
import { ProblemException } from './problem.js';

describe('problemOf', () => {
  it.each([
    [
      'a problem as it is',
      new ProblemException({ status: 409, code: 'version_conflict', version: 3 }),
      409,
      'version_conflict',
    ],
    ['an HttpException by its status', new NotFoundException('no tenant'), 404, 'not_found'],
    ['a status without a name of its own', new HttpException('tea', 418), 418, 'i_m_a_teapot'],
    ['a 503 of Nest', new ServiceUnavailableException('pool of 10.1.2.3 is empty'), 503, 'unavailable'],
    ['an unknown 5xx', new HttpException('gateway', 502), 500, 'internal_error'],
    ['what waiting helps', new SchemaRegistryUnavailableError('ECONNREFUSED'), 503, 'schema_registry_unavailable'],
    ['a delivery of unknown outcome', new KafkaProducerError('timed out'), 503, 'delivery_unknown'],
    ['a query over its budget', new QueryBudgetError('more than 5,000 series'), 422, 'query_over_budget'],
    ['a mistake of ours', new ConfigurationError(['x']), 500, 'internal_error'],
    ['an error that nobody knows', new UnknownError('?'), 500, 'internal_error'],
    ['a thrown text', 'boom', 500, 'internal_error'],
    ['nothing at all', undefined, 500, 'internal_error'],
    [
      'an error of a plugin that a caller caused',
      Object.assign(new Error('x'), { statusCode: 400 }),
      400,
      'bad_request',
    ],
  ])('answers %s', (_, thrown, status, code) => {
    expect(problemOf(thrown)).toMatchObject({ status, code });
  });

  it('keeps what Fastify found, also where Nest hands it on as the cause of another error', () => {
    const found = Object.assign(new Error('Request body is too large'), { code: 'FST_ERR_CTP_BODY_TOO_LARGE' });
    const expected = { status: 413, code: 'payload_too_large' };
    expect(problemOf(found)).toMatchObject(expected);
    expect(problemOf(new HttpException(found.message, 413, { cause: found }))).toMatchObject(expected);
    expect(problemOf(new BadRequestException('x', { cause: found }))).toMatchObject(expected);
    const other = Object.assign(new Error('x'), { code: 'FST_ERR_VALIDATION' });
    expect(problemOf(new BadRequestException('a is missing', { cause: other }))).toMatchObject({
      status: 400,
      code: 'bad_request',
      detail: 'a is missing',
    });
  });

  it('shows what a caller may know, and not what went wrong inside', () => {
    expect(problemOf(new BadRequestException(['a must be b', 'c must be d'])).detail).toBe('a must be b; c must be d');
    expect(problemOf(new QueryBudgetError('more than 5,000 series')).detail).toBe('more than 5,000 series');
    for (const hidden of [new ServiceUnavailableException('10.1.2.3'), new SchemaRegistryUnavailableError('10.1.2.3')])
      expect(JSON.stringify(problemOf(hidden))).not.toContain('10.1.2.3');
  });
});

describe('docs/reference/errors.md', () => {
  it('explains every code that any app may answer, with its status', () => {
    const page = readFileSync(new URL('../../../../docs/reference/errors.md', import.meta.url), 'utf8');
    const explained = page.split('\n## Every app\n')[1]?.replaceAll(/ +/g, ' ') ?? '';
    const codes = [...FASTIFY_PROBLEMS.values(), ...[...CODE_OF_STATUS].map(([status, code]) => ({ status, code }))];
    const missing = codes.filter(({ code, status }) => !explained.includes(`| \`${code}\` | ${status} |`));
    expect(missing).toEqual([]);
  });
});
