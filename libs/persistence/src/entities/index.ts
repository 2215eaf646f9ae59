import { IncidentEntity, LeadershipEntity } from './leadership.js';
import { BlockEntity, EntryEntity, GenesisEntity, HeadEntity } from './log.js';
import { DecisionEntity, OperationEntity } from './operations.js';

export {
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
];
