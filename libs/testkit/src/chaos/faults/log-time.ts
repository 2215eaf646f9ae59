import { setTimeout as delay } from 'node:timers/promises';
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
