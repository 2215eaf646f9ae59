import { setTimeout as delay } from 'node:timers/promises';
import type { ArmFailpoint } from '#libs/runtime';
import { atPhase, firstHit } from './at-phase.js';
import type { Fault } from './chaos-context.js';

/** A voting executor dies at a phase; its store may be lost with it. A replica may share its fate. */
export const executorLost: Fault = async (context, phase) => {
  const { network, random } = context;
  const victim = random.pick(network.executors);
  const strikes: Partial<Record<typeof phase, Omit<ArmFailpoint, 'action'>[]>> = {
    P1: [{ failpoint: 'vote-unsent' }, { failpoint: 'store-unwritten', hit: random.between(1, 8) }],
    P2: [{ failpoint: 'vote-sent', delayMs: 2 }, { failpoint: 'vote-unsent' }],
    P5: [{ failpoint: 'decision-arrived' }, { failpoint: 'store-unwritten' }, { failpoint: 'store-written' }],
  };
  const places = strikes[phase];
  let reached: boolean;
  if (places) {
    reached = (await firstHit([victim.process], { ...random.pick(places), action: 'kill' })) !== null;
    if (!reached) await victim.process.kill();
  } else {
    reached = await atPhase(context, phase, async () => victim.process.kill());
  }
  await victim.process.exited();
  context.injected('SIGKILL of an executor');
  const isWiped = random.chance(0.4);
  if (isWiped) {
    network.wipeStore(victim);
    context.injected('store of an executor wiped');
  }
  const replica = network.replicas.find(({ chainId }) => chainId === victim.chainId);
  if (replica && random.chance(0.3)) {
    await replica.process.kill();
    if (random.chance(0.5)) network.wipeStore(replica);
    context.injected('SIGKILL of a replica');
  }
  await delay(random.pick([0, 300, 3_000, 6_000]));
  replica?.process.start();
  // Sometimes it dies again while it opens its store or replays.
  if (random.chance(0.3)) {
    const failpoint = random.pick(['store-opened', 'block-arrived', 'store-unwritten'] as const);
    victim.process.start([
      { failpoint, action: 'kill', hit: failpoint === 'store-opened' ? 1 : random.between(1, 40) },
    ]);
    await Promise.race([victim.process.exited(), delay(10_000)]);
    await victim.process.kill(); // a start that took too long must not die later, when nobody expects it
    context.injected('SIGKILL of an executor as it starts');
  }
  victim.process.start();
  return { reached, note: `${victim.process.name}${isWiped ? ', store wiped' : ''}` };
};
