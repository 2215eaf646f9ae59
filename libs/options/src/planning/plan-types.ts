import type { Leg, Reason, Registry } from '#libs/protocol';

/** A price round as it stands in the log. */
export interface PricePoint {
  readonly round: bigint;
  /** Base units of the quote asset for one whole underlying, > 0. */
  readonly price: bigint;
  /** Timestamp of the block that carries the round, log time in ms. */
  readonly timestampMs: number;
}

/** The prices that count for a PREPARE: those of the rounds that precede it by sequence. */
export interface Prices {
  /** The newest round of a market, or null before the first. */
  latest(underlying: Uint8Array, quote: Uint8Array): PricePoint | null;
  /** A European series' settlement price: the first round by sequence whose block's timestamp is ≥ expiry, or null. */
  settlement(seriesId: Uint8Array): PricePoint | null;
}

/** Where an operation is planned: what PREPARE's place in the log says. */
export interface PlanContext {
  /** In force in PREPARE's block. */
  registry: Registry;
  prices: Prices;
  /** Timestamp of PREPARE's block, log time in ms. */
  timestampMs: number;
  /** Genesis: the longest time between PREPARE and its deadline, in ms. */
  prepareMsMax: number;
}

/** What PREPARE says beside the intent and its signatures. */
export interface Plan {
  ok: true;
  /** Chain ids of the legs, ascending, 1 to 4. */
  participants: number[];
  /** In canonical order: holds before credits, amounts > 0. */
  legs: Leg[];
  /** The price round that counts; 0 for write and close. */
  priceRound: bigint;
  /** What the holder receives in the collateral asset; 0 for write and close. */
  payout: bigint;
  /** Log time in ms. */
  deadlineMs: number;
}

/** Why an intent cannot be prepared now. */
export interface PlanRefusal {
  ok: false;
  reason: Reason;
  /** The intent's field at fault, where there is one. */
  field?: string;
}

export const refusePlan = (reason: Reason, field?: string): PlanRefusal =>
  field === undefined ? { ok: false, reason } : { ok: false, reason, field };
