import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Finds registry changes and prices without reading the whole shared lane: for registries of the past, and for the price
 * that an operation's certificate names. Partial, so that transactions pay nothing. Kind 2 is PRICE, 6 REGISTRY_CHANGE.
 */
export class IndexEvidence1763892000012 implements MigrationInterface {
  readonly name = 'IndexEvidence1763892000012';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE INDEX entries_prices ON lockstep.entries (sequence) WHERE kind = 2;
      CREATE INDEX entries_registry_changes ON lockstep.entries (sequence) WHERE kind = 6;
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP INDEX lockstep.entries_prices, lockstep.entries_registry_changes;`);
  }
}
