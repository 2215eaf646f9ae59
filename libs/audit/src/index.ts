export { checkCertificatePlan } from './evidence/check-plan.js';
export { type CheckedPreconfirmation, checkPreconfirmation } from './evidence/check-preconfirmation.js';
export { Conservation, type ConservationFault } from './execute/conservation.js';
export * from './execute/holding-keys.js';
export { type RollupTotals, StatedRows } from './execute/stated-rows.js';
