import 'reflect-metadata';

export type { ServerLimits } from './http/adapter.js';
export { countAnswers } from './http/answer-metrics.js';
export { correlationIdOf } from './http/correlation-id.js';
export { parseRfc3339 } from './http/rfc3339.js';
export { createService, type CreateOptions } from './lifecycle/create-service.js';
export { LastCall } from './lifecycle/last-call.js';
export { Rounds } from './lifecycle/rounds.js';
export { runService, startService } from './lifecycle/run-service.js';
export { problemOf } from './problems/problem-of.js';
export { type Problem, ProblemException, sendProblem } from './problems/problem.js';
export { ServiceModule, type ServiceOptions } from './service.module.js';
export { LOGGER, SERVICE_CONFIG } from './tokens.js';
