import { Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiQuery } from '@nestjs/swagger';
import { ValidationError } from '@weir/errors';

import { AdminController, Allows } from '../access/allows.js';
import { type Call, CalledBy } from '../access/call.js';
import { AuditTrail, UNCHANGED } from '../audit/audit-trail.js';
import { RegistrySchemas } from '../diagnosis/registry-schemas.js';
import { ApiPageOf, ApiTextParameters } from '../http/open-api.js';
import type { Page } from '../http/page.js';
import { type Parameters, QueryParameters } from '../http/parameters.js';
import { ClusterTopics, type MadeTopics } from './cluster-topics.js';
import {
  type Messages,
  messagesOf,
  type MessageView,
  messageView,
  type MessageWithPayload,
  messageWithPayload,
} from './message-views.js';
import { Peek, type PeekRequest } from './peek.js';
import type { TopicDetail, TopicView } from './topic-views.js';

const MAX_MESSAGES = 100;
const USUAL_MESSAGES = 20;

/** Topics, and what is in them. */
@AdminController('topics')
export class TopicsController {
  constructor(
    private readonly topics: ClusterTopics,
    private readonly peek: Peek,
    private readonly schemas: RegistrySchemas,
    private readonly trail: AuditTrail,
  ) {}

  @Get()
  @Allows('viewer', 'topics.list')
  @ApiOperation({
    summary: "Weir's topics, and how they compare with the registry of topics; with all=true everybody's",
  })
  @ApiPageOf()
  @ApiQuery({ name: 'all', required: false, schema: { type: 'boolean', default: false } })
  list(@QueryParameters() parameters: Parameters): Promise<Page<TopicView>> {
    const all = parameters.choice('all', ['true', 'false']) === 'true';
    const page = parameters.page();
    parameters.finish();
    return this.topics.list(all, page);
  }

  @Post('create-missing')
  @HttpCode(200)
  @Allows('operator', 'topics.create_missing')
  @ApiOperation({ summary: "Make those of Weir's topics that are missing; what is there is never altered" })
  createMissing(@CalledBy() call: Call): Promise<MadeTopics> {
    return this.topics.createMissing(call);
  }

  @Get(':topic')
  @Allows('viewer', 'topics.read')
  @ApiOperation({ summary: 'Partitions, leaders, replicas, settings and offsets of one topic' })
  read(@Param('topic') topic: string): Promise<TopicDetail> {
    return this.topics.get(topic);
  }

  @Get(':topic/messages')
  @Allows('viewer', 'topics.peek')
  @ApiOperation({
    summary: 'Messages of one partition, without what they say; the last ones unless an offset or a time is given',
  })
  @ApiTextParameters('partition', 'offset', 'time', 'limit')
  async messages(
    @Param('topic') topic: string,
    @QueryParameters() parameters: Parameters,
  ): Promise<Messages<MessageView>> {
    const request = peekRequest(topic, parameters);
    const peeked = await this.peek.read(request);
    return messagesOf(request, peeked, peeked.records.map(messageView));
  }

  @Get(':topic/messages/payload')
  @Allows('operator', 'topics.peek_payload')
  @ApiOperation({ summary: 'The same with keys, headers and values, decoded with the schemas they were written with' })
  @ApiTextParameters('partition', 'offset', 'time', 'limit')
  async payloads(
    @CalledBy() call: Call,
    @Param('topic') topic: string,
    @QueryParameters() parameters: Parameters,
  ): Promise<Messages<MessageWithPayload>> {
    const request = peekRequest(topic, parameters);
    const peeked = await this.peek.read(request);
    const messages = await Promise.all(peeked.records.map((record) => messageWithPayload(record, this.schemas)));
    // Before they are answered: what was looked at, and not only where.
    const [first, last] = [messages.at(0)?.offset, messages.at(-1)?.offset];
    const offsets = first === undefined ? '' : `@${first}..${last}`;
    const target = `topic:${topic}[${request.partition}]${offsets}`;
    await this.trail.note({ ...call, ...UNCHANGED, target, result: 'ok', status: call.successStatus });
    call.recorded = true;
    return messagesOf(request, peeked, messages);
  }
}

function peekRequest(topic: string, parameters: Parameters): PeekRequest {
  const partition = parameters.integer('partition', 1_000_000);
  const offset = parameters.integer('offset');
  const timeMs = parameters.time('time');
  const limit = parameters.integer('limit', MAX_MESSAGES) ?? USUAL_MESSAGES;
  parameters.finish();
  if (partition === null) throw new ValidationError('parameter_invalid', '`partition` must be the number of one.');
  if (offset !== null && timeMs !== null)
    throw new ValidationError('parameter_invalid', '`time` must not be given beside `offset`.');
  if (limit === 0) throw new ValidationError('parameter_invalid', `\`limit\` must be from 1 to ${MAX_MESSAGES}.`);
  return { topic, partition, offset, timeMs, limit };
}
