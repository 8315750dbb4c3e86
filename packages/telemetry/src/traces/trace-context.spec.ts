import { describe, expect, it } from '@jest/globals';

import { parseTraceparent, traceparentOf } from './trace-context.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

describe('traceparent', () => {
  it.each([
    ['01', true],
    ['00', false],
    ['03', true],
    ['fe', false],
  ])('with the flags %s says whether the trace is recorded: %s', (flags, sampled) => {
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-${flags}`)).toEqual({
      traceId: TRACE,
      spanId: SPAN,
      sampled,
      remote: true,
    });
  });

  it('is read as it was written', () => {
    for (const sampled of [true, false]) {
      const context = { traceId: TRACE, spanId: SPAN, sampled, remote: true };
      expect(parseTraceparent(traceparentOf(context))).toEqual(context);
    }
  });
});
