import type { InvariantReport } from '../../history/index.js';
import type { Cell } from '../plan/cells.js';
import type { Phase } from '../plan/cells.js';

/** What came of one step. */
export interface StepReport {
  cell: Cell;
  phase: Phase;
  /** The fault struck while an operation stood at the phase. */
  reached: boolean;
  /** From the end of the fault until the next block came, in ms; null when none came in time. */
  recoveredMs: number | null;
  /** From a leader's death until the first block of the next epoch, in ms; null where no leader was killed. */
  takeoverMs: number | null;
  note: string;
}

/** What came of a run; everything that a seed is judged by. */
export interface ChaosReport {
  seed: number;
  startedAt: string;
  /** No invariant was broken and nothing else went wrong. */
  passed: boolean;
  steps: StepReport[];
  /** Faults really injected, by what they were. */
  faults: Record<string, number>;
  invariants: InvariantReport[];
  /** What went wrong besides the invariants: processes that ended by themselves, no rest, … */
  problems: string[];
  operations: { decided: number; committed: number };
  attempts: { sent: number; acknowledged: number; refused: number; unknown: number };
  /** Acknowledged submissions that are not in the log. */
  acknowledgedLost: number;
  blocks: number;
  entries: number;
  epochs: number;
  /** Longest time between two blocks over a change of epoch, ms of log time, whatever brought it about. */
  epochChangeMsMax: number;
  feedRestarts: number;
}
