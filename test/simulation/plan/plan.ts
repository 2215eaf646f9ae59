import type { LostAnswer } from '../world/log-connection.js';

/** What a client does, and when (virtual ms). Places such as `chain` and `from` are taken modulo what there is. */
export type Step = { atMs: number } & (
  | { kind: 'transfer'; chain: number; from: number; to: number; amount: number }
  | { kind: 'price'; dollars: number }
  | { kind: 'write'; series: number; writer: number; buyer: number; pool: boolean; tenths: number; premium: number }
  /** Of the option that the n-th write wrote; four quarters are all of it, five too many. */
  | { kind: 'exercise'; of: number; quarters: number; patienceMs: number }
  | { kind: 'close'; of: number; quarters: number; payment: number }
  /** An operator's abort of the n-th operation. */
  | { kind: 'abort'; of: number }
  | { kind: 'pause'; chain: number; ms: number }
);

/** Which messages: blocks and replay, votes, what clients send; `all` cuts an executor off. */
export type Link = 'feed' | 'vote' | 'client' | 'all';

/** When an executor dies: now, or at its next block between applying and storing, or between storing and telling. */
export type CrashMoment = 'now' | 'unwritten' | 'untold';

/** What is wrong with a vote that somebody else sends. */
export type Forgery =
  'foreign_log' | 'wrong_block' | 'wrong_prepare' | 'wrong_key' | 'not_a_participant' | 'bad_reason';

/** Something that goes wrong, and when (virtual ms). All is healed at {@link HEAL_MS} of the plan's pace. */
export type Fault = { atMs: number } & (
  | { kind: 'sequencer_crash'; node: 'leader' | 'standby'; downMs: number }
  | { kind: 'sequencer_pause'; node: 'leader' | 'standby'; ms: number }
  | { kind: 'executor_crash'; chain: number; downMs: number; loseStore: boolean; moment: CrashMoment }
  | { kind: 'executor_pause'; chain: number; ms: number }
  | { kind: 'log_refuses'; ms: number }
  | { kind: 'log_frozen'; ms: number }
  | { kind: 'answer_lost'; commit: LostAnswer }
  | { kind: 'messages'; link: Link; chain: number; ms: number; loss: number; repeat: number; delayMs: number }
  | { kind: 'clock_jump'; node: number; byMs: number }
  | { kind: 'forged_vote'; how: Forgery }
  | { kind: 'conflicting_vote'; chain: number }
);
export type FaultKind = Fault['kind'];

export const FAULT_KINDS: readonly FaultKind[] = [
  'sequencer_crash',
  'sequencer_pause',
  'executor_crash',
  'executor_pause',
  'log_refuses',
  'log_frozen',
  'answer_lost',
  'messages',
  'clock_jump',
  'forged_vote',
  'conflicting_vote',
];

/** Short schedules go through the same in half the time: with shorter deadlines, expiries and faults. */
export type Pace = 'short' | 'long';

/** How long everything takes at a pace, as a part of what it takes at the long one. */
export const TIME_SCALE: Readonly<Record<Pace, number>> = { short: 0.5, long: 1 };

/** When every fault is over, virtual ms: from then on everything must come to rest. */
export const HEAL_MS: Readonly<Record<Pace, number>> = { short: 1_200, long: 2_400 };

/** A schedule: everything that a run depends on, besides the code. */
export interface Plan {
  /** Fixes latencies and which messages of a window get lost. */
  seed: number;
  topology: number;
  pace: Pace;
  steps: Step[];
  faults: Fault[];
}
