import { readFileSync } from 'node:fs';

import type { Command } from 'commander';

import type { Subject, SubjectDetail } from '../api/answers.js';
import { segment } from '../api/http-api.js';
import { adminApi, type Context, show } from '../context.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { UsageFailure } from '../failures.js';
import { type Shell, subcommand } from '../shell.js';
import { NONE } from '../terminal/figures.js';
import { table } from '../terminal/table.js';
import { jsonText } from '../terminal/terminal.js';
import { printable } from '../terminal/text-width.js';

const MOST = 10_000;

export function addSchemas(program: Command, shell: Shell): void {
  const schemas = subcommand(program, 'schemas', 'What the schema registry holds', [
    ['weir schemas', 'subjects, with their versions'],
    ['weir schemas metrics.raw-value', 'one subject'],
    ['weir schemas metrics.raw-value 3', 'the text of a version'],
    ['weir schemas check metrics.raw-value v4.avsc', 'could this become the next version?'],
  ])
    .argument('[subject]', 'one subject')
    .argument('[version]', 'the text of one of its versions')
    .action((subject: string | undefined, version: string | undefined) =>
      shell.run((context) => {
        if (subject === undefined) return list(context);
        return version === undefined ? one(context, subject) : text(context, subject, version);
      }),
    );
  subcommand(schemas, 'check', 'Hold a schema against a subject; nothing is registered', [
    ['weir schemas check metrics.raw-value v4.avsc', 'exit code 4 where it is not compatible'],
  ])
    .argument('<subject>', 'the subject')
    .argument('<file>', 'the Avro schema')
    .action((subject: string, file: string) => shell.run((context) => check(context, subject, file)));
}

async function list(context: Context): Promise<void> {
  const api = adminApi(context);
  const subjects = await api.list<Subject>('/api/v1/schemas', {}, MOST);
  const details: SubjectDetail[] = [];
  for (const { subject } of subjects) details.push(await api.get<SubjectDetail>(`/api/v1/schemas/${segment(subject)}`));
  const { width, colors } = context.terminal;
  show(context, details, () =>
    details.length === 0
      ? ['The registry has no subject.']
      : table(
          [
            { title: 'SUBJECT', importance: 9, least: 16 },
            { title: 'COMPATIBILITY', importance: 6, least: 8 },
            { title: 'NEWEST', align: 'right', importance: 8 },
            { title: 'ID', align: 'right', importance: 5 },
            { title: 'WHOSE', importance: 3 },
          ],
          details.map(({ subject, compatibility, versions: [newest], own }) => [
            subject,
            compatibility ?? NONE,
            newest === undefined ? NONE : String(newest.version),
            newest === undefined ? NONE : String(newest.id),
            own ? "Weir's" : { text: 'foreign', paint: colors.dim },
          ]),
          { width, heading: colors.dim },
        ),
  );
}

async function one(context: Context, subject: string): Promise<void> {
  const found = await adminApi(context).get<SubjectDetail>(`/api/v1/schemas/${segment(subject)}`);
  const { width, colors } = context.terminal;
  show(context, found, () => [
    `${colors.bold(printable(found.subject))}  ${found.compatibility ?? "the registry's default compatibility"}`,
    ...table(
      [
        { title: 'VERSION', align: 'right' },
        { title: 'ID', align: 'right' },
      ],
      found.versions.map(({ version, id }) => [String(version), String(id)]),
      { width, heading: colors.dim },
    ),
  ]);
}

async function text(context: Context, subject: string, version: string): Promise<void> {
  const found = await adminApi(context).get<{ readonly schema: string }>(
    `/api/v1/schemas/${segment(subject)}/versions/${segment(version)}`,
  );
  show(context, found, () => prettySchema(found.schema).split('\n'));
}

function prettySchema(schema: string): string {
  try {
    return jsonText(JSON.parse(schema), true);
  } catch {
    return printable(schema); // a registry may hold what is no JSON
  }
}

async function check(context: Context, subject: string, file: string): Promise<ExitCode> {
  const schema = textOf(file);
  const verdict = await adminApi(context).send<{ readonly compatible: boolean; readonly messages: readonly string[] }>(
    'POST',
    `/api/v1/schemas/${segment(subject)}/compatibility`,
    { schema },
  );
  const { green, red } = context.terminal.colors;
  show(context, verdict, () => [
    verdict.compatible ? green('It could become the next version.') : red('It cannot become the next version.'),
    ...verdict.messages.map(printable),
  ]);
  return verdict.compatible ? EXIT.ok : EXIT.refused;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new UsageFailure(`"${file}" cannot be read.`);
  }
}
