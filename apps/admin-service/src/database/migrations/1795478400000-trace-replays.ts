import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The span of the call that began a replay, for the commands that follow from it. */
export class TraceReplays1795478400000 implements MigrationInterface {
  name = 'TraceReplays1795478400000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE admin.replays ADD COLUMN traceparent text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE admin.replays DROP COLUMN traceparent');
  }
}
