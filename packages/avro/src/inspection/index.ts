export { CUT, jsonNumber, ShowingBudget } from './budget.js';
export type { AvroFault, AvroProblem } from './fault.js';
export { firstInvalidUtf8 } from './first-invalid-utf8.js';
export { type BodyInspection, inspectBody } from './inspect-body.js';
