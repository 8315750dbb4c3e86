import { Body as RequestBody, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import type { CompatibilityVerdict } from '@weir/avro';

import { AdminController, Allows } from '../access/allows.js';
import { Body } from '../http/body.js';
import { ApiMembers, ApiPageOf, ApiTextParameters } from '../http/open-api.js';
import type { Page } from '../http/page.js';
import { type Parameters, QueryParameters } from '../http/parameters.js';
import { AdminRefusal } from '../http/problems.js';
import { Schemas, type SubjectDetail, type SubjectView, type VersionDetail, type VersionsDiff } from './schemas.js';

const MAX_VERSION = 2 ** 31 - 1;

/** What the schema registry holds. */
@AdminController('schemas')
export class SchemasController {
  constructor(private readonly schemas: Schemas) {}

  @Get()
  @Allows('viewer', 'schemas.list')
  @ApiOperation({ summary: 'Subjects of the schema registry' })
  @ApiPageOf()
  list(@QueryParameters() parameters: Parameters): Promise<Page<SubjectView>> {
    const page = parameters.page();
    parameters.finish();
    return this.schemas.list(page);
  }

  @Get(':subject')
  @Allows('viewer', 'schemas.read')
  @ApiOperation({ summary: 'One subject: its compatibility, and its versions, newest first' })
  read(@Param('subject') subject: string): Promise<SubjectDetail> {
    return this.schemas.get(subject);
  }

  @Get(':subject/versions/:version')
  @Allows('viewer', 'schemas.read_version')
  @ApiOperation({ summary: 'The text of one version' })
  version(@Param('subject') subject: string, @Param('version') version: string): Promise<VersionDetail> {
    if (!/^[1-9]\d{0,8}$/.test(version)) throw new AdminRefusal('schema_version_not_found');
    return this.schemas.version(subject, Number(version));
  }

  @Get(':subject/diff')
  @Allows('viewer', 'schemas.diff')
  @ApiOperation({
    summary: 'What differs between two versions; the newest and the one before it unless they are given',
  })
  @ApiTextParameters('from', 'to')
  diff(@Param('subject') subject: string, @QueryParameters() parameters: Parameters): Promise<VersionsDiff> {
    const [from, to] = [parameters.integer('from', MAX_VERSION), parameters.integer('to', MAX_VERSION)];
    parameters.finish();
    return this.schemas.diff(subject, from, to);
  }

  @Post(':subject/compatibility')
  @HttpCode(200)
  @Allows('viewer', 'schemas.check')
  @ApiOperation({ summary: 'Whether a schema could become the next version; nothing is registered' })
  @ApiMembers({ schema: { description: 'An Avro schema, as JSON or as a text of JSON.' } }, ['schema'])
  check(@Param('subject') subject: string, @RequestBody() given: unknown): Promise<CompatibilityVerdict> {
    const body = new Body(given);
    const schema = body.json('schema');
    body.finish();
    return this.schemas.check(subject, typeof schema === 'string' ? schema : JSON.stringify(schema));
  }
}
