import { describe, expect, it } from '@jest/globals';

import { ConfigurationError } from '@weir/errors';

import { parseEnvironment, shownAddress, url } from './index.js';

describe('an address, as it is shown,', () => {
  it.each([
    ['as it was written where it has no userinfo', 'http://weir:80/a@b', 'http://weir:80/a@b'],
    ['without user and password', 'http://ann:pw@weir:8003/base', 'http://weir:8003/base'],
    ['without a user alone', 'https://token@weir/', 'https://weir/'],
    ['without a password alone', 'https://:pw@weir/', 'https://weir/'],
    ['without a password that has signs of an address', 'http://ann:p@w:1@weir:8003/', 'http://weir:8003/'],
    ['without userinfo where slashes are missing', 'http:ann:pw@weir:8003', 'http://weir:8003/'],
    ['without userinfo of any other scheme', 'redis://ann:pw@weir:6379', 'redis://weir:6379'],
    ['without what may be a password, where the scheme is missing', 'ann:pw@weir:8003', 'weir:8003'],
    ['without what may be a password, where it breaks the address', 'http://ann:p/w@weir', 'http://weir'],
    ['without what may be a password, over lines', 'http://ann:p\nw@no host', 'http://no host'],
    ['as it was written where it is no address at all', 'weir', 'weir'],
  ])('is %s', (_, given, shown) => {
    expect(shownAddress(given)).toBe(shown);
  });

  it('is so in the problems of the environment, also where what follows is cut', () => {
    const variables = { REGISTRY: url({ about: 'an address' }) };
    const problemsWith = (given: string): unknown => {
      try {
        return parseEnvironment(variables, { REGISTRY: given });
      } catch (error) {
        return error instanceof ConfigurationError ? error.problems : error;
      }
    };
    const accepts = 'REGISTRY must be a URL that begins with http:// or https://, but is';
    expect(problemsWith('ftp://ann:pw@registry:8081')).toEqual([`${accepts} "ftp://registry:8081/"`]);
    expect(problemsWith(`ann:${'p'.repeat(100)}@registry`)).toEqual([`${accepts} "registry"`]);
  });
});
