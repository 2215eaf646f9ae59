import { AuditEntity } from './audit.js';
import { IncidentEntity, LeadershipEntity } from './leadership.js';
import { BlockEntity, EntryEntity, GenesisEntity, HeadEntity } from './log.js';
import { DecisionEntity, OperationEntity } from './operations.js';

export {
  AuditEntity,
  BlockEntity,
  DecisionEntity,
  EntryEntity,
  GenesisEntity,
  HeadEntity,
  IncidentEntity,
  LeadershipEntity,
  OperationEntity,
};

export const ENTITIES = [
  GenesisEntity,
  BlockEntity,
  EntryEntity,
  HeadEntity,
  OperationEntity,
  DecisionEntity,
  LeadershipEntity,
  IncidentEntity,
  AuditEntity,
];
