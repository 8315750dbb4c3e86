import { like, max, series } from '../../promql.js';

/** What the variables of this dashboard choose. */
export const topics = { topic: like('$topic') };

export const groups = { ...topics, group: like('$group') };

/** How much of the time that a topic keeps its records a group is behind. */
export const retentionUsed = `${max(series('weir_group_lag_seconds', groups), ['group', 'topic'])} / on (topic) group_left () ${max(series('weir_topic_retention_seconds', topics), ['topic'])}`;
