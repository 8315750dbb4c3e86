import { like } from '../../promql.js';

/** What the variables of this dashboard choose. */
export const here = { instance: like('$instance') };

export const whose = { ...here, tenant: like('$tenant') };
