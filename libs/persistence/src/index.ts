export {
  createDataSource,
  type DatabaseOptions,
  dataSourceOptions,
  readDatabaseSettings,
} from './database/data-source.js';
export { migrate, type MigrateOptions } from './database/migrate.js';
export { DATABASE_TIMEOUTS, type DatabaseTimeouts } from './database/options.js';
export { type DatabaseSettings } from './database/settings.js';
export * from './entities/index.js';
export { DatabaseError, type DatabaseErrorType, LogWriteError, type LogWriteErrorType } from './errors.js';
export { recordIncident } from './incidents.js';
export { type Leader, Leadership } from './leadership.js';
export { BLOCKS_READ_MAX, LogReader, type NonceQuery } from './log/log-reader.js';
export { LogWriter, type LogWriterOptions } from './log/log-writer.js';
export { OperationReader } from './log/operation-reader.js';
export { readSharedLane, type SharedEntry } from './log/shared-lane.js';
export * from './types.js';
