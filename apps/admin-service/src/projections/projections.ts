import { Projection } from './projection.js';

/** Of `metrics.dlq`. */
export class DeadLetterProjection extends Projection {}

/** Of `dlq.replay.events`. */
export class ReplayEventsProjection extends Projection {}
