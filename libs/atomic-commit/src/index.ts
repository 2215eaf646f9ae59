export * from './check-certificate.js';
export * from './check-decision.js';
export * from './check-proved-entry.js';
export * from './check-vote.js';
export * from './coordinator.js';
export * from './evidence-error.js';
export * from './prepared-operation.js';
export * from './registry-book.js';
