/**
 * @typedef {object} Entry One variable over all apps that read it.
 * @property {import('@weir/config').VariableDescription} variable
 * @property {readonly {readonly app: string, readonly value: string | null}[]} defaults by app
 *
 * @typedef {object} Group
 * @property {string} title
 * @property {readonly Entry[]} entries
 */

const SHARED = /** @type {const} */ ([
  ['Every process', /^(?!KAFKA_|SCHEMA_|DATABASE_|REDIS_|OTEL_)/],
  ['Kafka', /^KAFKA_(?!TOPIC_)/],
  ["Topics' names", /^KAFKA_TOPIC_/],
  ['Schema registry', /^SCHEMA_/],
  ['Database', /^DATABASE_/],
  ['Redis', /^REDIS_/],
  ['Traces', /^OTEL_/],
]);

/**
 * The variables of all apps: what several share or what a shared package declares, then what each has for itself.
 *
 * @param {readonly import('./apps.mjs').App[]} apps
 * @returns {readonly Group[]}
 */
export function groupsOf(apps) {
  const entries = [...new Set(apps.flatMap(({ variables }) => variables.map(({ name }) => name)))].map((name) =>
    entryOf(name, apps),
  );
  const isOwn = (/** @type {Entry} */ { variable, defaults }) =>
    defaults.length === 1 && SHARED.slice(1).every(([, pattern]) => !pattern.test(variable.name));
  return [
    ...SHARED.map(([title, pattern]) => ({
      title,
      entries: entries.filter((entry) => !isOwn(entry) && pattern.test(entry.variable.name)),
    })),
    ...apps.map(({ name }) => ({
      title: name,
      entries: entries.filter((entry) => isOwn(entry) && entry.defaults[0]?.app === name),
    })),
  ].filter((group) => group.entries.length > 0);
}

/**
 * @param {string} name
 * @param {readonly import('./apps.mjs').App[]} apps
 * @returns {Entry}
 */
function entryOf(name, apps) {
  const found = apps.flatMap(({ name: app, variables }) => {
    const variable = variables.find((candidate) => candidate.name === name);
    return variable === undefined ? [] : [{ app, variable }];
  });
  const [first] = found;
  if (first === undefined) throw new Error(`No app reads ${name}`);
  for (const { app, variable } of found)
    if (variable.about !== first.variable.about || variable.required !== first.variable.required)
      throw new Error(`${name} means one thing in ${first.app} and another in ${app}`);
  return { variable: first.variable, defaults: found.map(({ app, variable }) => ({ app, value: variable.default })) };
}
