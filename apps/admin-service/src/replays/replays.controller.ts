import { setTimeout as wait } from 'node:timers/promises';

import {
  Body as RequestBody,
  Get,
  HttpCode,
  type MessageEvent,
  type OnModuleDestroy,
  Param,
  Patch,
  Post,
  Sse,
} from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { from, type Observable } from 'rxjs';

import { AdminController, Allows } from '../access/allows.js';
import { type Call, CalledBy } from '../access/call.js';
import { SELECTION_SCHEMA, selectionOf } from '../dead-letters/selection.js';
import { Body } from '../http/body.js';
import { ApiMembers, ApiPageOf, ApiTextParameters } from '../http/open-api.js';
import type { Page } from '../http/page.js';
import { type Parameters, QueryParameters } from '../http/parameters.js';
import { type PlanView, planView } from './plan-view.js';
import { Progress, RECORD_STATES, type ReplayedRecordView, type ReplayView } from './progress.js';
import { Replays } from './replays.js';

const RATE = { min: 0.1, max: 10_000, integer: false } as const;
const USUAL_RATE = 500;
const CHUNK_RECORDS = { min: 1, max: 500, integer: true } as const;
/** A fifth of a second's worth: each chunk is a transaction, of which there are only so many a second. */
const usualChunkRecords = (rate: number): number => Math.min(Math.max(Math.round(rate / 5), 100), CHUNK_RECORDS.max);
const CANARY_RECORDS = { min: 1, max: 10_000, integer: true } as const;
const SHARE = { min: 0, max: 1, integer: false } as const;
const LAG = { min: 0, max: 1e12, integer: true } as const;
const HASH_LENGTH = 64;
const STATES = ['running', 'paused', 'cancelling', 'cancelled', 'completed'] as const;
const LOOK_EVERY_MS = 500;
/** How long a stream is silent at most: proxies cut those that are, and whoever has left is noticed. */
const SILENT_MS = 15_000;

/** Dead letters back into the topics that they came from. */
@AdminController('dlq/replays')
export class ReplaysController implements OnModuleDestroy {
  private readonly stopping = new AbortController();

  constructor(
    private readonly replays: Replays,
    private readonly progress: Progress,
  ) {}

  /** Before HTTP drains, which a stream would hold up. */
  onModuleDestroy(): void {
    this.stopping.abort();
  }

  @Post('plan')
  @HttpCode(200)
  @Allows('operator', 'replays.plan')
  @ApiOperation({ summary: 'What a replay of these dead letters would do; nothing is changed' })
  @ApiMembers({ ...SELECTION_SCHEMA, rate: { type: 'number' } })
  async plan(@RequestBody() given: unknown): Promise<PlanView> {
    const body = new Body(given);
    const selection = selectionOf(body);
    const rate = body.optionalNumber('rate', RATE) ?? USUAL_RATE;
    body.finish();
    return planView(await this.replays.plan(selection), rate);
  }

  @Post()
  @Allows('operator', 'replays.begin')
  @ApiOperation({ summary: 'Begin what was planned' })
  @ApiMembers(
    {
      hash: { type: 'string' },
      rate: { type: 'number', default: USUAL_RATE },
      chunkRecords: { type: 'integer', description: 'A fifth of `rate` unless given, and from 100 to 500.' },
      canary: { type: 'object', properties: { records: { type: 'integer' }, maxFailed: { type: 'number' } } },
      maxLag: { type: 'integer', nullable: true },
    },
    ['hash'],
  )
  async begin(@CalledBy() call: Call, @RequestBody() given: unknown): Promise<ReplayView> {
    const body = new Body(given);
    const hash = body.text('hash', HASH_LENGTH);
    const rate = body.optionalNumber('rate', RATE) ?? USUAL_RATE;
    const options = {
      rate,
      chunkRecords: body.optionalNumber('chunkRecords', CHUNK_RECORDS) ?? usualChunkRecords(rate),
      canary: body.has('canary') ? canaryOf(body.object('canary')) : null,
      maxLag: body.optionalNumber('maxLag', LAG),
    };
    body.finish();
    return this.progress.get(await this.replays.begin(call, hash, options));
  }

  @Get()
  @Allows('viewer', 'replays.list')
  @ApiOperation({ summary: 'Replays, newest first' })
  @ApiPageOf()
  @ApiTextParameters('state')
  list(@QueryParameters() parameters: Parameters): Promise<Page<ReplayView>> {
    const state = parameters.choice('state', STATES);
    const page = parameters.page();
    parameters.finish();
    return this.progress.list(state, page);
  }

  @Get(':replayId')
  @Allows('viewer', 'replays.read')
  @ApiOperation({ summary: 'One replay, and how far it is' })
  get(@Param('replayId') id: string): Promise<ReplayView> {
    return this.progress.get(id);
  }

  @Sse(':replayId/events')
  @Allows('viewer', 'replays.watch')
  @ApiOperation({ summary: 'How far it is, as server-sent events, until it has ended' })
  async events(@Param('replayId') id: string): Promise<Observable<MessageEvent>> {
    await this.progress.get(id);
    return from(this.changes(id));
  }

  @Get(':replayId/records')
  @Allows('viewer', 'replays.records')
  @ApiOperation({ summary: 'What became of each of its records, in the order of the replay' })
  @ApiPageOf()
  @ApiTextParameters('state')
  records(@Param('replayId') id: string, @QueryParameters() parameters: Parameters): Promise<Page<ReplayedRecordView>> {
    const state = parameters.choice('state', RECORD_STATES);
    const page = parameters.page();
    parameters.finish();
    return this.progress.records(id, state, page);
  }

  @Patch(':replayId')
  @Allows('operator', 'replays.change')
  @ApiOperation({ summary: 'Another rate from now on' })
  @ApiMembers({ rate: { type: 'number' } }, ['rate'])
  async change(
    @CalledBy() call: Call,
    @Param('replayId') id: string,
    @RequestBody() given: unknown,
  ): Promise<ReplayView> {
    const body = new Body(given);
    const rate = body.number('rate', RATE);
    body.finish();
    await this.replays.changeRate(call, id, rate);
    return this.progress.get(id);
  }

  @Post(':replayId/pause')
  @HttpCode(200)
  @Allows('operator', 'replays.pause')
  @ApiOperation({ summary: 'Issue nothing more of it until it is resumed' })
  async pause(@CalledBy() call: Call, @Param('replayId') id: string): Promise<ReplayView> {
    await this.replays.pause(call, id);
    return this.progress.get(id);
  }

  @Post(':replayId/resume')
  @HttpCode(200)
  @Allows('operator', 'replays.resume')
  @ApiOperation({ summary: 'Go on with all the rest, also where a canary has stopped it' })
  async resume(@CalledBy() call: Call, @Param('replayId') id: string): Promise<ReplayView> {
    await this.replays.resume(call, id);
    return this.progress.get(id);
  }

  @Post(':replayId/cancel')
  @HttpCode(202)
  @Allows('operator', 'replays.cancel')
  @ApiOperation({ summary: 'Issue nothing more of it; cancelled once what was issued has answered' })
  async cancel(@CalledBy() call: Call, @Param('replayId') id: string): Promise<ReplayView> {
    await this.replays.cancel(call, id);
    return this.progress.get(id);
  }

  /** Each change as it is seen, the last one when the replay has ended; and a sign of life where nothing changes. */
  private async *changes(id: string): AsyncGenerator<MessageEvent> {
    let last = '';
    let silentSince = performance.now();
    while (!this.stopping.signal.aborted) {
      const replay = await this.progress.get(id);
      const text = JSON.stringify(replay);
      const changed = text !== last;
      if (changed || performance.now() - silentSince > SILENT_MS) {
        yield changed ? { type: 'progress', data: replay } : { type: 'ping', data: '' };
        silentSince = performance.now();
      }
      last = text;
      if (replay.finishedAt !== null) return;
      await wait(LOOK_EVERY_MS, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }
}

function canaryOf(body: Body): { records: number; maxFailed: number } {
  const records = body.number('records', CANARY_RECORDS);
  const maxFailed = body.optionalNumber('maxFailed', SHARE) ?? 0;
  body.finish();
  return { records, maxFailed };
}
