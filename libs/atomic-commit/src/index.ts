export * from './check-decision.js';
export * from './check-vote.js';
export * from './coordinator.js';
export * from './prepared-operation.js';
