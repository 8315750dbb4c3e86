import { toolVariables } from './tool-variables.mjs';

const GENERATED = 'Made by `npm run docs` from the code that reads the variables; a test holds it fresh.';

/**
 * docs/guides/configuration.md.
 *
 * @param {readonly import('./groups.mjs').Group[]} groups
 * @param {number} appCount
 * @param {readonly import('@weir/config').VariableDescription[]} cliSettings
 */
export function configurationGuide(groups, appCount, cliSettings) {
  return `# Configuration

${GENERATED}

Every process is configured by its environment alone. It reads it once, at the start, and refuses to start with exit status 78 and a list of
**all** problems where something is missing or wrong. At the start it logs its settings, without secrets.

- An empty value counts as not given.
- Outside production (\`NODE_ENV=production\`) a \`.env\` file of the working directory, or of one above it in the repository, is read too. What
  the environment has already, stands. Begin with \`cp .env.example .env\`.
- A **secret** may stand in a file instead: \`DATABASE_URL_FILE=/run/secrets/database-url\`, as Kubernetes and Vault mount them. The line
  end after it is dropped; giving both is a problem.
- A time is in milliseconds, or has a unit: \`500\`, \`500ms\`, \`30s\`, \`5m\`, \`2h\`, \`7d\`.

${groups.map((group) => section(group, appCount)).join('\n')}
## The terminal tool

What \`weir\` reads beside \`KAFKA_*\`, \`SCHEMA_REGISTRY_*\` and \`WEIR_HOME\`. Flags come before it, and the local stack's \`stack.json\` after it: [the guide](cli.md).

| variable | meaning | accepts |
|---|---|---|
${cliSettings
  .filter(({ name }) => name !== 'WEIR_HOME')
  .map(({ name, about, accepts }) => `| \`${name}\` | ${about} | ${accepts} |`)
  .join('\n')}

## Tools of the repository

What \`npm start\`, \`npm stop\` and \`npm test\` look at.

| variable | meaning | default |
|---|---|---|
${toolVariables.map(({ name, about, fallback }) => `| \`${name}\` | ${about} | ${fallback} |`).join('\n')}
`;
}

/**
 * @param {import('./groups.mjs').Group} group
 * @param {number} appCount
 */
function section({ title, entries }, appCount) {
  const shared = entries.some(({ defaults }) => defaults.length > 1);
  const rows = entries.map((entry) => {
    const { variable, defaults } = entry;
    const meaning = shared && defaults.length < appCount ? `${variable.about} (${appsOf(entry)})` : variable.about;
    return `| \`${variable.name}\` | ${meaning} | ${variable.accepts} | ${defaultOf(entry)} |`;
  });
  return `## ${title}

| variable | meaning | accepts | default |
|---|---|---|---|
${rows.join('\n')}
`;
}

/** @param {import('./groups.mjs').Entry} entry */
const appsOf = ({ defaults }) => defaults.map(({ app }) => app).join(', ');

/** @param {import('./groups.mjs').Entry} entry */
function defaultOf({ variable, defaults }) {
  const marks = [
    variable.required ? '**required**' : '',
    variable.requiredWhen === null ? '' : `**required** where ${variable.requiredWhen}`,
    variable.secret ? 'secret' : '',
  ].filter((mark) => mark !== '');
  return [...shownDefaults(defaults, (value) => `\`${value}\``), ...marks].join('; ');
}

/**
 * One text where all apps agree, else one for each.
 *
 * @param {import('./groups.mjs').Entry['defaults']} defaults
 * @param {(value: string) => string} write
 */
function shownDefaults(defaults, write) {
  const values = new Set(defaults.map(({ value }) => value));
  if (defaults.length > 1 && defaults.every(({ app, value }) => value === app)) return ["the app's name"];
  const given = defaults.flatMap(({ app, value }) => (value === null ? [] : [{ app, value }]));
  return values.size === 1
    ? given.slice(0, 1).map(({ value }) => write(value))
    : given.map(({ app, value }) => `${write(value)} (${app})`);
}

/**
 * .env.example: what is required with a value to start from, everything else as a comment with its default.
 *
 * @param {readonly import('./groups.mjs').Group[]} groups
 */
export function envExample(groups) {
  return `# Copy to .env, which is read in development. Every variable of every app; docs/guides/configuration.md says more.
# ${GENERATED.replaceAll('`', '')}

${groups.map(envSection).join('\n')}`;
}

/** @param {import('./groups.mjs').Group} group */
function envSection({ title, entries }) {
  const lines = entries.flatMap((entry) => {
    const { variable, defaults } = entry;
    const differs = new Set(defaults.map(({ value }) => value)).size > 1;
    const value = differs ? '' : (variable.example ?? variable.default ?? '');
    const active = variable.example !== null && !differs;
    const byEach = differs ? ` Default: ${shownDefaults(defaults, String).join(', ')}.` : '';
    const when = variable.requiredWhen === null ? '' : ` Required where ${variable.requiredWhen}.`;
    return [
      `# ${variable.about}${when}${byEach}`,
      `${active ? '' : '# '}${variable.name}=${value}`,
      ...(variable.secret ? [`# ${variable.name}_FILE=`] : []),
    ];
  });
  return `# --- ${title}\n${lines.join('\n')}\n`;
}
