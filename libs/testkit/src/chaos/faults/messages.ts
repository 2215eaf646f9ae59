import { setTimeout as delay } from 'node:timers/promises';
import { LocalSigner } from '#libs/crypto';
import { signVote } from '#libs/executor-sdk';
import { Reason, type SignedVote, SignedVote as SignedVoteType, type Vote, voteSubject } from '#libs/protocol';
import { devnetKeys } from '../../network/devnet-keys.js';
import { atPhase } from './at-phase.js';
import type { ChaosContext, Fault } from './chaos-context.js';

/** Everything that passed lately comes again in another order, several times, while all lines are slow. */
export const messagesMixed: Fault = async (context, phase) => {
  const { network, random, messages } = context;
  const slow = random.chance(0.5) ? network.nodes : [];
  const reached = await atPhase(context, phase, async () => {
    for (const { nats } of slow) nats.delayMs = random.between(20, 300);
    for (let round = 0; round < 3; round++) {
      const recorded = [...messages.newest('vote'), ...messages.newest('root'), ...messages.newest('feed', 150)];
      messages.publish(random.shuffle(recorded));
      await delay(100);
    }
  });
  context.injected('messages repeated and reordered');
  await delay(1_500);
  messages.publish(random.shuffle(messages.newest('vote')));
  for (const { nats } of slow) nats.delayMs = 0;
  return { reached, ...(slow.length > 0 ? { note: 'with slow lines' } : {}) };
};

/** Votes with a wrong block, PREPARE, operation, rollup or key, of another log, altered, or of an earlier operation. */
export const forgedVotes: Fault = async (context, phase) => {
  let sent = 0;
  const reached = await atPhase(
    context,
    phase,
    async () => {
      for (let round = 0; round < 4; round++) {
        for (const signed of context.messages.votes(6)) sent += sendForged(context, signed);
        await delay(60);
      }
    },
    { holdMs: 700 },
  );
  context.injected('forged votes');
  return { reached, note: `${sent} votes` };
};

function sendForged({ network, random, nats }: ChaosContext, signed: SignedVote): number {
  const { vote, signature } = signed;
  const ofOwn = executorSigner(network.chainIds.indexOf(vote.chainId));
  const ofOther = executorSigner((network.chainIds.indexOf(vote.chainId) + 1) % network.chainIds.length);
  const noise = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ 0xff);
  const altered = SignedVoteType.serialize({ vote: { ...vote, yes: !vote.yes }, signature });
  const forged = [
    signVote({ ...vote, prepareBlockHash: noise(vote.prepareBlockHash) }, ofOwn),
    signVote({ ...vote, prepareId: noise(vote.prepareId) }, ofOwn),
    signVote({ ...vote, operationId: noise(vote.operationId) }, ofOwn),
    signVote({ ...vote, logId: noise(vote.logId) }, ofOwn),
    signVote(vote, ofOther),
    signVote({ ...vote, chainId: 77 }, ofOwn),
    signVote(no(vote), new LocalSigner(devnetKeys.replica(0))),
    altered,
    random.pick([new Uint8Array(0), new Uint8Array(64), altered.slice(0, -1)]),
  ];
  for (const bytes of forged) nats.publish(voteSubject(vote.chainId), bytes);
  return forged.length;
}

/** An executor's key says no where its executor says, or will say, yes. */
export const executorSaysNo: Fault = async (context, phase) => {
  const { network, random, messages, nats } = context;
  const liar = random.pick(network.executors);
  const signer = executorSigner(network.executors.indexOf(liar));
  let sent = 0;
  const reached = await atPhase(
    context,
    phase,
    async () => {
      for (let round = 0; round < 4; round++) {
        // Another participant's vote says what the liar's has to name.
        for (const { vote } of messages.votes(8)) {
          nats.publish(voteSubject(liar.chainId), signVote(no({ ...vote, chainId: liar.chainId }), signer));
          sent += 1;
        }
        await delay(40);
      }
    },
    { executor: liar.process, holdMs: 400 },
  );
  context.injected('an executor that says no');
  return { reached, note: `${sent} noes of ${liar.chainId}` };
};

/** An executor's votes come about when the deadline passes, before or after. */
export const deadlineRace: Fault = async (context) => {
  const { network, operations, random, series } = context;
  const call = series[0]!;
  const late = network.executors.find(({ chainId }) => chainId === call.terms.settlementChainId)!;
  let hits = 0;
  for (let round = 0; round < 15 && hits < 4; round++) {
    const holdMs = random.between(300, 900);
    const release = late.process.onHit(() => (hits += 1));
    late.process.arm({ failpoint: 'vote-unsent', action: 'delay', delayMs: holdMs });
    await operations.exercise(call, 10n ** 15n, holdMs + random.between(-25, 60));
    await delay(holdMs + 100);
    release();
  }
  late.process.disarm('vote-unsent');
  context.injected('votes at the deadline');
  return { reached: hits > 0, note: `${hits} races` };
};

const no = (vote: Vote): Vote => ({ ...vote, yes: false, reason: Reason.insufficient_position });
const executorSigner = (index: number): LocalSigner => new LocalSigner(devnetKeys.executor(index));
