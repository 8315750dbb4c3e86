/**
 * What the repository's own tools read from the environment: `npm start`, `npm stop`, `npm test`, `.ci/run`.
 *
 * @type {readonly {readonly name: string, readonly about: string, readonly fallback: string}[]}
 */
export const toolVariables = [
  { name: 'WEIR_HOME', fallback: '`.weir`', about: 'Where the local stack keeps its data, logs and `stack.json`.' },
  {
    name: 'WEIR_PORT_OFFSET',
    fallback: '`0`',
    about: 'Added to every port of the local stack, so that two can run side by side.',
  },
  {
    name: 'WEIR_INGEST_URL',
    fallback: '`http://127.0.0.1:8000`',
    about: "Where the host agent sends this machine's figures; `npm start` sets it.",
  },
  { name: 'WEIR_API_KEY', fallback: '', about: 'The key that the host agent sends with; `npm start` sets it.' },
  {
    name: 'WEIR_ENGINES',
    fallback: '',
    about: '`docker` takes the engines of a test run from containers instead of from this machine.',
  },
  {
    name: 'WEIR_TEST_ENGINES',
    fallback: '',
    about:
      'Engines that already run, for tests to use instead of starting their own: JSON as `Engines` of @weir/testing.',
  },
  {
    name: 'WEIR_TEST_PROCESSES',
    fallback: '',
    about: "A file with the engines' processes, for tests that stop and kill them; a test run sets it itself.",
  },
  {
    name: 'WEIR_FAULTS',
    fallback: '',
    about: '`long` does each fault of the fault tests as often as the promise was stated for: half an hour.',
  },
  {
    name: 'WEIR_NODE_ARGUMENTS',
    fallback: '',
    about: 'Further arguments of Node, such as `--cpu-prof`, for the apps that tests and benches start.',
  },
  {
    name: 'WEIR_E2E_SAMPLES',
    fallback: '`100000`',
    about: 'How many samples the end-to-end test posts while metrics-consumer is restarted.',
  },
  {
    name: 'WEIR_E2E_LETTERS',
    fallback: '`3000`',
    about: 'How many dead letters the end-to-end tests of replays have.',
  },
];

/** Variables of the operating system and of npm that scripts look at; not Weir's to document. */
export const foreignVariables = new Set([
  'JAVA_HOME',
  'NODE_ENV',
  'PATH',
  'XDG_CACHE_HOME',
  'npm_config_nodedir',
  'npm_execpath',
  'npm_lifecycle_event',
]);
