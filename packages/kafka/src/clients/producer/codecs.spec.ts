import { describe, expect, it } from '@jest/globals';
import type { Compression } from '@weir/topics';

import { assertCodec } from './codecs.js';

const NAMES: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

describe('assertCodec', () => {
  it('refuses what librdkafka was built without, and says what it has', () => {
    expect(() => assertCodec('zstd', ['gzip', 'lz4'])).toThrow(/zstd is not in this build.*gzip, lz4/);
    expect(() => assertCodec('lz4', ['gzip', 'lz4'])).not.toThrow();
    expect(() => assertCodec('none', [])).not.toThrow();
  });

  it('finds every codec in the build that the repository installs', () => {
    for (const name of NAMES) expect(() => assertCodec(name)).not.toThrow();
  });
});
