import type { Fault, Plan, Step } from './plan.js';

/**
 * Makes a failing plan smaller while it still fails, by delta debugging (Zeller and Hildebrandt, 2002) over its faults
 * and steps: halves first, then ever smaller pieces, until no single one can be left out.
 * @param fails whether a plan fails in the same way
 * @returns a plan that fails and of which nothing can be left out
 */
export async function shrinkPlan(plan: Plan, fails: (plan: Plan) => Promise<boolean>): Promise<Plan> {
  let smallest = plan;
  for (;;) {
    const faults = await shrinkList(smallest.faults, (kept: Fault[]) => fails({ ...smallest, faults: kept }));
    const withFaults = { ...smallest, faults };
    const steps = await shrinkList(withFaults.steps, (kept: Step[]) => fails({ ...withFaults, steps: kept }));
    const next = { ...withFaults, steps };
    if (next.faults.length + next.steps.length === smallest.faults.length + smallest.steps.length) return next;
    smallest = next;
  }
}

async function shrinkList<T>(items: T[], fails: (kept: T[]) => Promise<boolean>): Promise<T[]> {
  let kept = items;
  for (let size = Math.ceil(kept.length / 2); size >= 1 && kept.length > 0;) {
    const before = kept.length;
    for (let start = 0; start < kept.length;) {
      const without = [...kept.slice(0, start), ...kept.slice(start + size)];
      if (await fails(without)) kept = without;
      else start += size;
    }
    if (size === 1 && kept.length === before) break;
    size = size === 1 ? 1 : Math.ceil(size / 2);
  }
  return kept;
}
