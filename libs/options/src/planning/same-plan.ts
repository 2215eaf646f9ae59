import { equalBytes, type Leg, type Prepare } from '#libs/protocol';
import type { Plan } from './plan-types.js';

/** Whether a PREPARE says exactly what was planned: participants, legs in order, price round, payout and deadline. */
export function isSamePlan(plan: Plan, prepare: Prepare): boolean {
  return (
    plan.deadlineMs === prepare.deadlineMs &&
    plan.payout === prepare.payout &&
    plan.priceRound === prepare.priceRound &&
    plan.participants.length === prepare.participants.length &&
    plan.participants.every((chainId, index) => chainId === prepare.participants[index]) &&
    plan.legs.length === prepare.legs.length &&
    plan.legs.every((leg, index) => isSameLeg(leg, prepare.legs[index]!))
  );
}

function isSameLeg(a: Leg, b: Leg): boolean {
  return (
    a.chainId === b.chainId &&
    a.direction === b.direction &&
    a.account === b.account &&
    a.amount === b.amount &&
    equalBytes(a.owner, b.owner) &&
    equalBytes(a.subject, b.subject) &&
    equalBytes(a.backer, b.backer)
  );
}
