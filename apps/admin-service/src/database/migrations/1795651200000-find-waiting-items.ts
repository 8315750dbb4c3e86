import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Records of a replay that are to be issued next, without passing by all that are on their way. */
export class FindWaitingItems1795651200000 implements MigrationInterface {
  name = 'FindWaitingItems1795651200000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE INDEX replay_items_waiting ON admin.replay_items (replay_id, item) WHERE held AND chunk IS NULL',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX admin.replay_items_waiting');
  }
}
