import { ROOT_CONTEXT, SpanKind, trace, TraceFlags } from '@opentelemetry/api';
import { SamplingDecision } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from '@jest/globals';

import type { SamplerName } from './open-traces.js';
import { samplerOf } from './sampling.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const context = (sampled: boolean) => ({
  traceId: TRACE,
  spanId: 'b7ad6b7169203331',
  traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
  isRemote: true,
});

interface Asked {
  readonly parent?: boolean;
  readonly links?: readonly boolean[];
}

function isRecorded(name: SamplerName, { parent, links = [] }: Asked): boolean {
  const within = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, context(parent));
  const linked = links.map((sampled) => ({ context: context(sampled) }));
  const sampler = samplerOf({ name, ratio: 0 });
  return (
    sampler.shouldSample(within, TRACE, 'x', SpanKind.CONSUMER, {}, linked).decision ===
    SamplingDecision.RECORD_AND_SAMPLED
  );
}

describe('what is recorded', () => {
  it.each<[SamplerName, Asked, boolean]>([
    ['always_on', { parent: false }, true],
    ['always_off', { parent: true, links: [true] }, false],
    ['traceidratio', { parent: true, links: [true] }, false],
    ['parentbased_always_on', {}, true],
    ['parentbased_always_on', { parent: false }, false],
    ['parentbased_always_off', { parent: true }, true],
    ['parentbased_traceidratio', {}, false],
    ['parentbased_traceidratio', { parent: true }, true],
    // A batch follows what is in it.
    ['parentbased_traceidratio', { links: [false, true] }, true],
    ['parentbased_traceidratio', { links: [false, false] }, false],
    ['parentbased_always_off', { links: [true] }, true],
    ['parentbased_always_off', { parent: false, links: [true] }, false],
  ])('by %s of %j: %s', (name, asked, expected) => {
    expect(isRecorded(name, asked)).toBe(expected);
  });
});
