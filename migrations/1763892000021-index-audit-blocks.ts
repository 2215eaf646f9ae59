import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Finds the audit rows of a block: for the events of the admin API. */
export class IndexAuditBlocks1763892000021 implements MigrationInterface {
  readonly name = 'IndexAuditBlocks1763892000021';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`CREATE INDEX audit_blocks ON lockstep.audit (block_number);`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP INDEX lockstep.audit_blocks;`);
  }
}
