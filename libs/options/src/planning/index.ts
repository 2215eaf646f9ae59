export * from './amounts.js';
export * from './intent-signers.js';
export { planOperation } from './plan-operation.js';
export { WRITE_COLLATERAL_LEG } from './plan-write.js';
export { type Plan, type PlanContext, type PlanRefusal, type PricePoint, type Prices } from './plan-types.js';
export { PriceBook, PriceError, type PriceErrorType } from './price-book.js';
export { isSamePlan } from './same-plan.js';
