import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Letters of records that were replayed, which are few: each batch of new ones is looked for among them. */
export class FindReplayedLetters1795564800000 implements MigrationInterface {
  name = 'FindReplayedLetters1795564800000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE INDEX dead_letters_replayed ON admin.dead_letters (identity) WHERE replay_count > 0');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX admin.dead_letters_replayed');
  }
}
