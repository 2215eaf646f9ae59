import { type Cell, CELLS, PHASES, type Phase } from './cells.js';
import { Random } from './random.js';

/** One step of a run: a cell of the matrix, at one of its phases. */
export interface Step {
  cell: Cell;
  phase: Phase;
  /** Fixes all further choices of the step. */
  seed: number;
}

/** About what a run of one minute gets through, so that seeds in a row begin where the one before ended. */
const STEPS_PER_MINUTE = 7;
/** Any number; the same for every seed, so that neighbours in the order are of different rows. */
const ORDER_SEED = 20_261;

const ORDER: readonly Cell[] = new Random(ORDER_SEED).shuffle(CELLS);

/**
 * The steps of a seed, endless: all cells in one fixed order, from a place that the seed decides, over and over. Seeds
 * 1, 2, 3, … together go through every cell; what exactly happens in each is another thing with every seed.
 */
export function* makePlan(seed: number, only?: (cell: Cell) => boolean): Generator<Step, never, void> {
  const random = new Random(seed);
  const cells = ORDER.filter((cell) => only?.(cell) ?? true);
  if (cells.length === 0) throw new RangeError('no cell is left to run');
  for (let place = ((seed - 1) * STEPS_PER_MINUTE) % cells.length; ; place++) {
    const cell = cells[place % cells.length]!;
    yield { cell, phase: random.pick(PHASES[cell.column]), seed: random.between(1, 2 ** 31) };
  }
}
