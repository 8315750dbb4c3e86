import { Readable } from 'node:stream';

import { Body as RequestBody, Get, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiOperation, ApiProduces } from '@nestjs/swagger';
import { ValidationError } from '@weir/errors';
import type { FastifyReply } from 'fastify';

import { AdminController, Allows } from '../access/allows.js';
import { type Call, CalledBy } from '../access/call.js';
import { type Examination, Examiner } from '../diagnosis/diagnose.js';
import { Body } from '../http/body.js';
import { ApiMembers, ApiPageOf, ApiTextParameters } from '../http/open-api.js';
import type { Page } from '../http/page.js';
import { type Parameters, QueryParameters } from '../http/parameters.js';
import { DeadLetters, type LetterStory } from './dead-letters.js';
import { type DecisionRequest, type DecisionView, Discards } from './discards.js';
import { FILTER_PARAMETERS, filterOf, type LetterFilter } from './filter.js';
import { UNREADABLE } from './letter-row.js';
import { LetterSource } from './letter-source.js';
import { type Payload, payloadOf } from './payload.js';
import { SELECTION_SCHEMA, selectionOf } from './selection.js';
import type { DeadLetterView } from './views.js';

const REASON_LENGTH = 500;

const DECISION_SCHEMA = {
  ...SELECTION_SCHEMA,
  confirm: { type: 'integer', description: 'How many records it has to be about, as an answer without it tells.' },
};
const RECORDS = { min: 1, max: 1e9, integer: true };

/** What is wrong with a dead letter, without what it holds but for the evidence. */
interface Diagnosis {
  readonly id: string;
  readonly findings: readonly (Examination['findings'][number] | typeof NO_ENVELOPE)[];
  readonly schemaKnown: boolean | null;
}

const NO_ENVELOPE = {
  code: UNREADABLE,
  detail:
    'This record of the DLQ is no dead letter that Weir wrote: it cannot be replayed. Look at it, and discard it.',
} as const;

/** What could not be stored, and why. */
@AdminController('dlq/messages')
export class DeadLettersController {
  constructor(
    private readonly letters: DeadLetters,
    private readonly source: LetterSource,
    private readonly discards: Discards,
    private readonly examiner: Examiner,
  ) {}

  @Get()
  @Allows('viewer', 'dlq.list')
  @ApiOperation({ summary: 'Dead letters, newest first, without what they hold' })
  @ApiPageOf()
  @ApiTextParameters(...FILTER_PARAMETERS)
  list(@QueryParameters() parameters: Parameters): Promise<Page<DeadLetterView>> {
    const page = parameters.page();
    const filter = filterOf(parameters);
    parameters.finish();
    return this.letters.list(filter, page);
  }

  @Get('export')
  @Allows('viewer', 'dlq.export')
  @ApiOperation({ summary: 'All of them, newest first, one JSON object on each line' })
  @ApiProduces('application/x-ndjson')
  @ApiTextParameters(...FILTER_PARAMETERS)
  async export(
    @QueryParameters() parameters: Parameters,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Readable> {
    const filter = filterOf(parameters);
    parameters.finish();
    void reply.type('application/x-ndjson');
    return Promise.resolve(Readable.from(this.lines(filter)));
  }

  @Get(':letterId')
  @Allows('viewer', 'dlq.read')
  @ApiOperation({ summary: 'One dead letter, and what became of its record' })
  read(@Param('letterId') id: string): Promise<LetterStory> {
    return this.letters.story(id);
  }

  @Get(':letterId/payload')
  @Allows('operator', 'dlq.read_payload')
  @ApiOperation({ summary: 'What the record holds: key, headers and value, as bytes in hexadecimal and as text' })
  async payload(@Param('letterId') id: string): Promise<Payload> {
    const letter = await this.source.fetch(await this.letters.row(id));
    const { envelope, original } = letter;
    return payloadOf(id, letter, envelope === null ? null : await this.examiner.examine(envelope, original));
  }

  @Get(':letterId/diagnosis')
  @Allows('viewer', 'dlq.diagnose')
  @ApiOperation({
    summary: 'What is wrong with the record, at which byte or field, and whether a replay would succeed by now',
  })
  async diagnosis(@Param('letterId') id: string): Promise<Diagnosis> {
    const { envelope, original } = await this.source.fetch(await this.letters.row(id));
    if (envelope === null) return { id, findings: [NO_ENVELOPE], schemaKnown: null };
    const { findings, schemaKnown } = await this.examiner.examine(envelope, original);
    return { id, findings, schemaKnown };
  }

  @Post('discard')
  @HttpCode(200)
  @Allows('operator', 'dlq.discard_many')
  @ApiOperation({
    summary: 'Give many records up, with the reason; without "confirm" only tell how many that would be',
  })
  @ApiMembers({ ...DECISION_SCHEMA, reason: { type: 'string' } }, ['reason'])
  discardAll(@CalledBy() call: Call, @RequestBody() given: unknown): Promise<DecisionView> {
    const body = new Body(given);
    const reason = body.text('reason', REASON_LENGTH);
    return this.discards.decideAll(call, { ...about(body), decision: { kind: 'discard', reason } });
  }

  @Post('restore')
  @HttpCode(200)
  @Allows('operator', 'dlq.restore_many')
  @ApiOperation({
    summary: 'Take back that many records were given up; without "confirm" only tell how many that would be',
  })
  @ApiMembers(DECISION_SCHEMA)
  restoreAll(@CalledBy() call: Call, @RequestBody() given: unknown): Promise<DecisionView> {
    return this.discards.decideAll(call, { ...about(new Body(given)), decision: { kind: 'restore' } });
  }

  @Post(':letterId/discard')
  @HttpCode(200)
  @Allows('operator', 'dlq.discard')
  @ApiOperation({ summary: 'Give the record up, with the reason' })
  @ApiMembers({ reason: { type: 'string' } }, ['reason'])
  discard(@CalledBy() call: Call, @Param('letterId') id: string, @RequestBody() given: unknown): Promise<LetterStory> {
    const body = new Body(given);
    const reason = body.text('reason', REASON_LENGTH);
    body.finish();
    return this.discards.decide(call, id, { kind: 'discard', reason });
  }

  @Post(':letterId/restore')
  @HttpCode(200)
  @Allows('operator', 'dlq.restore')
  @ApiOperation({ summary: 'Take back that it was given up' })
  restore(@CalledBy() call: Call, @Param('letterId') id: string): Promise<LetterStory> {
    return this.discards.decide(call, id, { kind: 'restore' });
  }

  private async *lines(filter: LetterFilter): AsyncGenerator<string> {
    for await (const letters of this.letters.all(filter))
      yield letters.map((letter) => `${JSON.stringify(letter)}\n`).join('');
  }
}

/** The last that is read of a body. */
function about(body: Body): Pick<DecisionRequest, 'selection' | 'confirmed'> {
  if (!body.has('filter') && !body.has('ids'))
    throw new ValidationError('field_missing', '`filter` or `ids` is required.');
  const request = { selection: selectionOf(body), confirmed: body.optionalNumber('confirm', RECORDS) };
  body.finish();
  return request;
}
