/**
 * SQL that makes a table take INSERT only. The triggers fire for each statement, so an INSERT pays nothing, and
 * ALWAYS, so that replication settings do not switch them off.
 *
 * @param table with its schema, as in `lockstep.blocks`
 */
export const appendOnly = (table: string): string => `
  CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ${table}
    FOR EACH STATEMENT EXECUTE FUNCTION lockstep.refuse_change();
  ALTER TABLE ${table} ENABLE ALWAYS TRIGGER append_only;`;
