import { like } from '../../promql.js';

/** What the variables of this dashboard choose. */
export const here = { instance: like('$instance') };
