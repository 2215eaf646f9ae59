export { API_ROLES, type ApiKey, type ApiRole, roleAllows } from './admin/api-key.js';
export { ApiKeys, type Authentication, type IssuedApiKey } from './admin/api-keys.js';
export { type CommandAnswer, type CommandClaim, type CommandKey, CommandStore } from './admin/command-store.js';
export {
  AUDIT_DETAIL_BYTES_MAX,
  AUDIT_NAME_BYTES_MAX,
  type AuditDraft,
  auditHash,
  type AuditLink,
  nextAuditRow,
} from './audit/audit-row.js';
export { canonicalJson } from './audit/canonical-json.js';
export { type AuditFault, verifyAuditChain } from './audit/verify-audit-chain.js';
export { describeRefusal, isDatabaseAway } from './database/connect-errors.js';
export {
  createDataSource,
  type DatabaseOptions,
  dataSourceOptions,
  readDatabaseSettings,
} from './database/data-source.js';
export { migrate, type MigrateOptions } from './database/migrate.js';
export { ADMIN_ROLE, grantRoles, type RolePasswords, SEQUENCER_ROLE } from './database/roles.js';
export { DATABASE_TIMEOUTS, type DatabaseTimeouts } from './database/options.js';
export { type DatabaseSettings } from './database/settings.js';
export * from './entities/index.js';
export { DatabaseError, type DatabaseErrorType, LogWriteError, type LogWriteErrorType } from './errors.js';
export { DIFFERING_ROOTS, newestDisputes, recordIncident } from './incidents.js';
export { type Leader, Leadership } from './leadership.js';
export { AUDITS_READ_MAX, BLOCKS_READ_MAX, LogReader, type NonceQuery } from './log/log-reader.js';
export { LogWriter, type LogWriterOptions } from './log/log-writer.js';
export { OperationReader } from './log/operation-reader.js';
export { AuditReader, type RawBlock, type RowCounts } from './log/audit-reader.js';
export { EvidenceReader } from './log/evidence-reader.js';
export { readSharedLane, type SharedEntry } from './log/shared-lane.js';
export { blockExtras } from './log/block-extras.js';
export { type DeclaredRestore, declareRestore, pendingRestore, type RestoreRequest } from './restore.js';
export * from './types.js';
