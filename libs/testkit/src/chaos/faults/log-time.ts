import { setTimeout as delay } from 'node:timers/promises';
import { RegistryAction } from '#libs/protocol';
import { callTerms, ETHER, type LoadSeries } from '../clients/series.js';
import { bytesToHex } from '#libs/protocol';
import { atPhase } from './at-phase.js';
import type { Fault } from './chaos-context.js';

const HOUR_MS = 3_600_000;

/** The wall clock of sequencers and executors jumps by an hour, or back in steps, and is set right again. */
export const wallClock: Fault = async (context, phase) => {
  const { network, random } = context;
  const offsetMs = random.pick([HOUR_MS, -HOUR_MS, -5_000]);
  const nodes = random.pick([network.sequencers, network.executors, network.nodes]);
  const reached = await atPhase(context, phase, () => {
    for (const { process } of nodes) process.setClock(offsetMs);
    return Promise.resolve();
  });
  context.injected(`wall clock by ${offsetMs / 1000} s`);
  await delay(random.between(1_000, 4_000));
  for (const { process } of nodes) process.setClock(0);
  return { reached, note: `${offsetMs / 1000} s on ${nodes.length} processes` };
};

/** A rollup is quarantined while operations stand at a phase, and released later. */
export const quarantine: Fault = async (context, phase) => {
  const { network, random, registry } = context;
  const { chainId } = random.pick(network.executors);
  const set = (value: boolean): Promise<void> =>
    registry.change({ selector: RegistryAction.SET_ROLLUP_QUARANTINED, value: { chainId, value } });
  let change: Promise<void> = Promise.resolve();
  const reached = await atPhase(context, phase, () => {
    change = set(true);
    change.catch(() => undefined);
    return Promise.resolve();
  });
  const isSet = await change.then(
    () => true,
    () => false,
  );
  context.injected('a rollup quarantined');
  await delay(1_500);
  if (isSet) await set(false);
  return { reached: reached && isSet, note: String(chainId) };
};

/** A series expires while its exercises stand at a phase. */
export const windowEnds: Fault = async (context, phase) => {
  const { operations, registry, world } = context;
  const lifeMs = 2_500;
  const expiryMs = world.logTimeMs() + lifeMs;
  const terms = { ...callTerms(world, expiryMs), strike: 2_000_000_001n };
  const series: LoadSeries = { id: bytesToHex(await registry.listSeries(terms)), terms, backedByPool: false };
  await operations.write(series, 5n * ETHER, 2_000);
  const lastExercises = (async () => {
    while (world.logTimeMs() < expiryMs + 600) {
      await Promise.race([operations.exercise(series, ETHER / 100n, 3_500), delay(1_000)]);
      await delay(60);
    }
  })();
  await delay(Math.max(0, expiryMs - world.logTimeMs() - 400));
  // Held from before the window's end until after it.
  const reached = await atPhase(context, phase, () => delay(0), { holdMs: 900 });
  await lastExercises;
  context.injected('a window that ends');
  return { reached };
};
