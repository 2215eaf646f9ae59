/** Why a participant refused an operation or a decision aborted it; wire value, and the name shown to people. */
export enum Reason {
  none = 0,
  unknown_series = 1,
  series_delisted = 2,
  not_in_the_money = 3,
  outside_exercise_window = 4,
  insufficient_position = 5,
  insufficient_collateral = 6,
  insufficient_exposure = 7,
  insufficient_payment = 8,
  stale_price = 9,
  unknown_price_round = 10,
  malformed_prepare = 11,
  rollup_paused = 12,
  quarantined = 13,
  deadline_too_near = 14,
  expired = 15,
  operator_abort = 16,
}

export type ReasonName = keyof typeof Reason;

const SENTENCES: Record<ReasonName, string> = {
  none: 'Nothing stands against it.',
  unknown_series: 'The registry lists no such option series.',
  series_delisted: 'The option series was delisted: no new options are written.',
  not_in_the_money: 'At the price that counts, exercising would pay nothing.',
  outside_exercise_window: 'Log time lies outside the window in which the series allows this.',
  insufficient_position: 'The holder has fewer of these options available than the operation takes.',
  insufficient_collateral: 'The backer has less collateral available than the operation takes.',
  insufficient_exposure: "The backer's exposure is smaller than the quantity.",
  insufficient_payment: 'The payer has less available than the payment.',
  stale_price: 'The newest price is older than the signer allows.',
  unknown_price_round: 'There is no price that counts yet, or it is below the round the signer asks for.',
  malformed_prepare: 'The prepare does not follow from the intent, the registry and the prices.',
  rollup_paused: 'A rollup that takes part is paused.',
  quarantined: 'A rollup that takes part is quarantined: its state is in doubt.',
  deadline_too_near: 'The deadline has passed or is too near to decide in time.',
  expired: 'The deadline passed before every participant had said yes.',
  operator_abort: 'An operator aborted the operation.',
};

/** One sentence for people that says what the reason means. */
export const reasonSentence = (reason: Reason): string => SENTENCES[Reason[reason] as ReasonName];
