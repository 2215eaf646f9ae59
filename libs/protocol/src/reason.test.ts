import { describe, expect, it } from 'vitest';
import { Reason, reasonSentence } from './reason.js';

// Design, section 7, in order.
const NAMES = [
  ...['unknown_series', 'series_delisted', 'not_in_the_money', 'outside_exercise_window', 'insufficient_position'],
  ...['insufficient_collateral', 'insufficient_exposure', 'insufficient_payment', 'stale_price', 'unknown_price_round'],
  ...['malformed_prepare', 'rollup_paused', 'quarantined', 'deadline_too_near', 'expired', 'operator_abort'],
];

const values = Object.values(Reason).filter((value): value is Reason => typeof value === 'number');

describe('reasons', () => {
  it('are those of the design, with values that are on the wire for ever', () => {
    expect(values.map((value) => Reason[value])).toEqual(['none', ...NAMES]);
    expect(values).toEqual(values.map((_, index) => index));
  });

  it('have one sentence each, no two alike', () => {
    const sentences = values.map(reasonSentence);
    for (const sentence of sentences) expect(sentence).toMatch(/^[A-Z].*[^.]\.$/);
    expect(new Set(sentences).size).toBe(values.length);
  });
});
