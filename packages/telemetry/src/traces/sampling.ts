import { type Context, type Link, trace, TraceFlags } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  type SamplingResult,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';

import type { TracesOptions } from './open-traces.js';

/** The sampler of a name of the specification. */
export function samplerOf({ name, ratio }: TracesOptions['sampler']): Sampler {
  const root = rootSampler(name, ratio);
  return name.startsWith('parentbased_') ? new LinkedSampler(new ParentBasedSampler({ root })) : root;
}

function rootSampler(name: TracesOptions['sampler']['name'], ratio: number): Sampler {
  if (name.endsWith('always_on')) return new AlwaysOnSampler();
  if (name.endsWith('always_off')) return new AlwaysOffSampler();
  return new TraceIdRatioBasedSampler(ratio);
}

/**
 * Records what begins a trace where it is linked to one that is recorded: a batch has many records and no parent, and whoever follows one of
 * them wants to find the batch. Anything else is left to the other sampler.
 */
class LinkedSampler implements Sampler {
  constructor(private readonly other: Sampler) {}

  shouldSample(...asked: Parameters<Sampler['shouldSample']>): SamplingResult {
    const [parent, , , , , links] = asked;
    return isRoot(parent) && links.some(isSampled)
      ? { decision: SamplingDecision.RECORD_AND_SAMPLED }
      : this.other.shouldSample(...asked);
  }

  toString(): string {
    return `Linked(${this.other.toString()})`;
  }
}

const isRoot = (context: Context): boolean => trace.getSpanContext(context) === undefined;

const isSampled = ({ context }: Link): boolean => (context.traceFlags & TraceFlags.SAMPLED) !== 0;
