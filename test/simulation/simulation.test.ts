import { describe, expect, it } from 'vitest';
import { cheapCrypto, realCrypto } from './crypto/crypto-ports.js';
import { makePlan } from './plan/make-plan.js';
import { FAULT_KINDS } from './plan/plan.js';
import { runSimulation } from './run/run-simulation.js';

describe('the core under random faults, in virtual time', () => {
  it('every invariant holds in 6,000 schedules, in which every kind of fault and both outcomes occur', async () => {
    const { failure, faults, outcomes } = await runSimulation({ seed: 1, schedules: 6_000, crypto: cheapCrypto });
    expect(failure).toBeNull();
    expect(Object.keys(faults).sort()).toEqual([...FAULT_KINDS].sort());
    expect(outcomes).toMatchObject({
      commit: expect.any(Number) as number,
      'abort: expired': expect.any(Number) as number,
    });
    expect(outcomes).not.toHaveProperty('undecided');
  }, 300_000);

  it('every invariant holds in 100 schedules with real signatures, hashes, roots and slices', async () => {
    const { failure } = await runSimulation({ seed: 2, schedules: 100, crypto: realCrypto });
    expect(failure).toBeNull();
  }, 300_000);

  it.each([
    ['cheap', cheapCrypto, 100],
    ['real', realCrypto, 5],
  ])(
    'the same seed gives the same trace twice, another seed another one (%s)',
    async (_name, crypto, schedules) => {
      const once = await runSimulation({ seed: 3, schedules, crypto });
      const again = await runSimulation({ seed: 3, schedules, crypto });
      const other = await runSimulation({ seed: 4, schedules, crypto });
      expect(again.trace).toBe(once.trace);
      expect(other.trace).not.toBe(once.trace);
    },
    300_000,
  );

  it('a schedule does the same alone as among others', async () => {
    const among = await runSimulation({ seed: 3, from: 10, schedules: 1, crypto: cheapCrypto });
    await runSimulation({ seed: 9, schedules: 20, crypto: cheapCrypto });
    const alone = await runSimulation({ seed: 3, from: 10, schedules: 1, crypto: cheapCrypto });
    expect(alone.trace).toBe(among.trace);
  });

  it('seeds stand for different plans', () => {
    const plans = new Set(Array.from({ length: 500 }, (_, seed) => JSON.stringify({ ...makePlan(seed), seed: 0 })));
    expect(plans.size).toBe(500);
  });
});
