export { checkCertificatePlan } from './evidence/check-plan.js';
export { type CheckedPreconfirmation, checkPreconfirmation } from './evidence/check-preconfirmation.js';
