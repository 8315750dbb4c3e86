import kafkajs, { type Admin } from 'kafkajs';

import type { KafkajsAdmin } from './kafkajs-admin.js';

/** One setting of a topic as the broker has it. `overridden`: set on the topic itself, and not a default. */
export interface TopicSetting {
  readonly value: string;
  readonly overridden: boolean;
}

export type TopicSettings = ReadonlyMap<string, TopicSetting>;

// DescribeConfigs' `config_source` for what was set on the topic itself (KIP-226).
const TOPIC_SOURCE = kafkajs.ConfigSource.TOPIC_CONFIG;

/** Topics' settings, which the Confluent client cannot read or write (its issue 444), by kafkajs' admin. */
export class ConfigAdmin {
  readonly #kafkajs: KafkajsAdmin;

  constructor(kafkajsAdmin: KafkajsAdmin) {
    this.#kafkajs = kafkajsAdmin;
  }

  /** Rejects (`topic_missing`) where one of the topics is not there. */
  describe(topics: readonly string[]): Promise<Map<string, TopicSettings>> {
    return this.#kafkajs.call('describe configs', (admin) => settingsOf(admin, topics));
  }

  /**
   * Sets and, with null, unsets settings of a topic; the others stay.
   *
   * Kafka's old request, which is all that kafkajs has, resets what is not given. So what the topic has is read and sent along;
   * two that alter one topic at the same moment may undo each other.
   */
  alter(topic: string, changes: Readonly<Record<string, string | null>>): Promise<void> {
    return this.#kafkajs.call('alter configs', async (admin) => {
      const present = (await settingsOf(admin, [topic])).get(topic) ?? new Map<string, TopicSetting>();
      const kept = [...present].flatMap(([name, { value, overridden }]) =>
        overridden && !(name in changes) ? [{ name, value }] : [],
      );
      const changed = Object.entries(changes).flatMap(([name, value]) => (value === null ? [] : [{ name, value }]));
      const configEntries = [...kept, ...changed];
      await admin.alterConfigs({
        validateOnly: false,
        resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configEntries }],
      });
    });
  }
}

async function settingsOf(admin: Admin, topics: readonly string[]): Promise<Map<string, TopicSettings>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name })),
  });
  return new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      new Map(
        configEntries.map((entry) => [
          entry.configName,
          { value: entry.configValue, overridden: entry.configSource === TOPIC_SOURCE },
        ]),
      ),
    ]),
  );
}
