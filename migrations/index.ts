import { CreateLog1763892000001 } from './1763892000001-create-log.js';
import { CreateOperations1763892000002 } from './1763892000002-create-operations.js';
import { CreateLeadership1763892000003 } from './1763892000003-create-leadership.js';
import { CreateAudit1763892000004 } from './1763892000004-create-audit.js';
import { CreateAdmin1763892000005 } from './1763892000005-create-admin.js';
import { CreateProjections1763892000006 } from './1763892000006-create-projections.js';
import { CreateRestores1763892000011 } from './1763892000011-create-restores.js';
import { IndexEvidence1763892000012 } from './1763892000012-index-evidence.js';
import { IndexAuditBlocks1763892000021 } from './1763892000021-index-audit-blocks.js';
import { CreateExecutorIncidents1763892000031 } from './1763892000031-create-executor-incidents.js';

/** Every migration in the order of its timestamp. A released one is never changed: what is wrong in it, a later one mends. */
export const MIGRATIONS = [
  CreateLog1763892000001,
  CreateOperations1763892000002,
  CreateLeadership1763892000003,
  CreateAudit1763892000004,
  CreateAdmin1763892000005,
  CreateProjections1763892000006,
  CreateRestores1763892000011,
  IndexEvidence1763892000012,
  IndexAuditBlocks1763892000021,
  CreateExecutorIncidents1763892000031,
];
