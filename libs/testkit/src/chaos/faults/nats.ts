import { setTimeout as delay } from 'node:timers/promises';
import { atPhase } from './at-phase.js';
import type { Fault } from './chaos-context.js';

/** NATS is killed and started anew with nothing in it, or is out of reach for some or for all. */
export const natsLost: Fault = async (context, phase) => {
  const { network, random, cutMs } = context;
  const how = random.pick(['kill', 'freeze', 'blackhole of the sequencers', 'cut of one executor', 'cut'] as const);
  const nodes = {
    kill: [],
    freeze: [],
    'blackhole of the sequencers': network.sequencers,
    'cut of one executor': [random.pick(network.executors)],
    cut: network.nodes,
  }[how];
  const mode = how === 'blackhole of the sequencers' ? 'blackhole' : 'refuse';
  const reached = await atPhase(context, phase, async () => {
    if (how === 'kill') await network.nats.kill();
    else if (how === 'freeze') network.nats.freeze();
    for (const { nats } of nodes) nats.setMode(mode);
  });
  context.injected(`NATS: ${how}`);
  await delay(how === 'kill' ? random.between(0, 4_000) : random.between(cutMs.min, cutMs.max));
  if (how === 'kill') await network.nats.restart();
  else network.nats.thaw();
  for (const { nats } of nodes) nats.setMode('pass');
  return { reached, note: how };
};
