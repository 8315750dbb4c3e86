import type { Stage } from '../stage.js';
import { dlqIndex, replay } from './dead-letters.js';
import { drain, poison } from './drain.js';
import {
  growingBatches,
  growingConsumers,
  growingIngest,
  growingLabels,
  growingPartitions,
  growingSeries,
  growingTenants,
} from './growth.js';
import { batchIngest, singleIngest } from './ingest.js';
import { idle, start } from './installed.js';
import { pacedIngest } from './paced.js';
import { aggregated, latest } from './query.js';
import { stored } from './stored.js';

/** In the order in which they run. */
export const stages: readonly Stage[] = [
  singleIngest(64),
  singleIngest(256),
  batchIngest(64),
  batchIngest(256),
  batchIngest(64, true),
  drain,
  stored,
  pacedIngest(25),
  pacedIngest(50),
  pacedIngest(80),
  poison,
  dlqIndex,
  replay,
  latest,
  aggregated,
  growingTenants,
  growingSeries,
  growingConsumers,
  growingIngest,
  growingPartitions,
  growingLabels,
  growingBatches,
  idle,
  start,
];
