import { sampleVote } from './sample-vote.js';
import type { Fault } from '../plan/plan.js';
import type { World } from './world.js';

/** Makes a fault happen now. Returns false where there is nothing for it to happen to. */
export function injectFault(world: World, fault: Fault): boolean {
  const { scheduler, health, network, topology } = world;
  const { nowMs } = scheduler;
  switch (fault.kind) {
    case 'sequencer_crash': {
      const node = nodeOf(world, fault.node);
      if (!node?.process) return false;
      node.kill();
      scheduler.after(fault.downMs, null, () => node.start());
      return true;
    }
    case 'sequencer_pause': {
      const owner = nodeOf(world, fault.node)?.process?.owner;
      if (!owner) return false;
      owner.pausedUntilMs = Math.max(owner.pausedUntilMs, nowMs + fault.ms);
      return true;
    }
    case 'executor_crash': {
      const executor = world.executors.get(chainOf(world, fault.chain))!;
      if (!executor.process) return false;
      const die = (): void => {
        executor.kill();
        if (fault.loseStore) executor.loseStore();
        scheduler.after(fault.downMs, null, () => executor.start());
      };
      if (fault.moment === 'now') die();
      else executor.dying = { moment: fault.moment, die };
      return true;
    }
    case 'executor_pause': {
      const owner = world.executors.get(chainOf(world, fault.chain))!.process?.owner;
      if (!owner) return false;
      owner.pausedUntilMs = Math.max(owner.pausedUntilMs, nowMs + fault.ms);
      return true;
    }
    case 'log_refuses':
      health.refusesUntilMs = Math.max(health.refusesUntilMs, nowMs + fault.ms);
      return true;
    case 'log_frozen':
      health.frozenUntilMs = Math.max(health.frozenUntilMs, nowMs + fault.ms);
      return true;
    case 'answer_lost':
      health.lostAnswers.push(fault.commit);
      return true;
    case 'messages': {
      const { link, ms, loss, repeat, delayMs } = fault;
      const chainId = link === 'client' ? null : chainOf(world, fault.chain);
      network.worsen({ link, chainId, untilMs: nowMs + ms, loss, repeat, delayMs });
      return true;
    }
    case 'clock_jump':
      world.nodes[fault.node % world.nodes.length]!.wallOffsetMs += fault.byMs;
      return true;
    case 'forged_vote':
    case 'conflicting_vote': {
      const vote = sampleVote(world, fault.kind === 'forged_vote' ? fault.how : topology.chainIds.length + fault.chain);
      if (!vote) return false;
      world.sendVote(vote.chainId, vote.bytes);
      return true;
    }
  }
}

/** Ends every fault that lasts. */
export function heal(world: World): void {
  const { nowMs } = world.scheduler;
  world.network.heal();
  world.health.refusesUntilMs = world.health.frozenUntilMs = -1;
  world.health.lostAnswers.length = 0;
  for (const node of world.nodes) {
    node.wallOffsetMs = 0;
    node.start();
    node.process!.owner.pausedUntilMs = nowMs;
  }
  for (const executor of world.executors.values()) {
    executor.dying = null;
    executor.start();
    executor.process!.owner.pausedUntilMs = nowMs;
  }
}

const chainOf = ({ topology: { chainIds } }: World, chain: number): number => chainIds[chain % chainIds.length]!;

function nodeOf(world: World, which: 'leader' | 'standby') {
  const leader = world.leader();
  return which === 'leader'
    ? world.nodes.find(({ process }) => process !== null && process === leader)
    : world.nodes.find(({ process }) => process !== leader);
}
