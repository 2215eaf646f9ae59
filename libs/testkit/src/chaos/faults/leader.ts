import { setTimeout as delay } from 'node:timers/promises';
import type { ChaosProcess } from '../network/chaos-process.js';
import type { Phase } from '../plan/cells.js';
import { atPhase, firstHit, strikePlaces } from './at-phase.js';
import type { ChaosContext, Fault } from './chaos-context.js';

const processes = ({ network }: ChaosContext): ChaosProcess[] => network.sequencers.map(({ process }) => process);

/** SIGKILL or SIGSTOP of the leader exactly at a phase. Gives the process, and whether the phase was reached. */
async function strikeLeader(
  context: ChaosContext,
  phase: Phase,
  action: 'kill' | 'stop',
): Promise<{ leader: ChaosProcess | null; reached: boolean }> {
  const { network, random } = context;
  const strike = (process: ChaosProcess): void => (action === 'kill' ? void process.kill() : process.pause());
  if (phase === 'P5') {
    let leader: ChaosProcess | null = null;
    const reached = await atPhase(context, phase, async () => {
      leader = (await network.leader())?.process ?? null;
      if (leader) strike(leader);
    });
    return { leader, reached: reached && leader !== null };
  }
  const place = strikePlaces(phase, random);
  context.log(`  waiting for ${place.failpoint} (hit ${place.hit ?? 1}) to ${action}`);
  const hit = await firstHit(processes(context), { ...place, action });
  if (hit) return { leader: hit, reached: true };
  const leader = (await network.leader())?.process ?? null;
  if (leader) strike(leader);
  return { leader, reached: false };
}

/** The leader dies; it is started again after a while, in which a stand-by takes over where there is one. */
export const leaderKilled: Fault = async (context, phase) => {
  const { leader, reached } = await strikeLeader(context, phase, 'kill');
  if (!leader) return { reached: false, note: 'nobody led' };
  await leader.exited();
  const leaderDiedAtMs = performance.now();
  context.injected('SIGKILL of the leader');
  await delay(context.random.pick([0, 500, 6_000]));
  leader.start();
  return { reached, leaderDiedAtMs };
};

/** The leader freezes for longer than its lease, then goes on as if nothing had happened. */
export const leaderPaused: Fault = async (context, phase) => {
  const { leader, reached } = await strikeLeader(context, phase, 'stop');
  if (!leader) return { reached: false, note: 'nobody led' };
  context.injected('SIGSTOP of the leader');
  await delay(context.random.between(context.cutMs.min, context.cutMs.max));
  leader.resume();
  return { reached };
};

/** The leader dies, and whoever takes over dies in the middle of it; both are started again. */
export const takeoverKilled: Fault = async (context, phase) => {
  const { random } = context;
  const failpoint = random.pick(['epoch-raised', 'log-read'] as const);
  const { leader, reached } = await strikeLeader(context, phase, 'kill');
  if (!leader) return { reached: false, note: 'nobody led' };
  await leader.exited();
  context.injected('SIGKILL of the leader');
  leader.start([{ failpoint, action: 'kill' }]);
  const successor = await firstHit(processes(context), { failpoint, action: 'kill' }, 12_000);
  await successor?.exited();
  if (successor) context.injected('SIGKILL during takeover');
  for (const process of processes(context)) {
    process.disarm(failpoint);
    process.start();
  }
  return { reached: reached && successor !== null, note: failpoint };
};
