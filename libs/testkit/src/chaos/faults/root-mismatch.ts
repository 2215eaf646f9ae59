import { setTimeout as delay } from 'node:timers/promises';
import { LocalSigner } from '#libs/crypto';
import { subscribeBytes } from '#libs/messaging';
import {
  bytesToHex,
  commitmentDigest,
  RegistryAction,
  rootSubject,
  SignedStateRoot,
  StateRoot,
  statusSubject,
} from '#libs/protocol';
import { devnetKeys } from '../../network/devnet-keys.js';
import { waitFor } from '../../network/wait-for.js';
import { holdsWithin } from '../../servers/wait-until.js';
import { newestOf } from '../clients/feed-client.js';
import type { ExecutorNode } from '../network/chaos-network.js';
import { atPhase } from './at-phase.js';
import type { ChaosContext, Fault } from './chaos-context.js';

const STATED_MS_MAX = 8_000;
const DISPUTED_MS_MAX = 8_000;
const BACK_MS_MAX = 20_000;

/**
 * A replica of B states a root that is not the state, while operations stand at a phase: a real disagreement in the log.
 * B falls silent and the leader takes no prepares for it; then an operator acts: quarantine, both replay from nothing,
 * release.
 */
export const rootMismatch: Fault = async (context, phase) => {
  const { network, random, registry, nats } = context;
  const voting = random.pick(network.executors);
  const { chainId } = voting;
  const replica = network.replicas.find((node) => node.chainId === chainId)!;
  const set = (value: boolean): Promise<void> =>
    registry.change({ selector: RegistryAction.SET_ROLLUP_QUARANTINED, value: { chainId, value } });
  let isDisputed = false;
  const subscription = subscribeBytes(nats, statusSubject(chainId), (bytes) => {
    if (Buffer.from(bytes).includes('"state":"disputed"')) isDisputed = true;
  });
  try {
    replica.process.pause(); // only what we sign in its name is newer than what it stated itself
    const before = newestRoot(context, voting)?.number ?? 0;
    await holdsWithin(() => (newestRoot(context, voting)?.number ?? 0) > before, STATED_MS_MAX);
    let sent = false;
    const reached = await atPhase(context, phase, () => {
      sent = stateWrongRoot(context, voting);
      return Promise.resolve();
    });
    if (sent) context.injected('a wrong state root');
    await holdsWithin(() => isDisputed, DISPUTED_MS_MAX);
    await delay(random.between(200, 1_500)); // operations of B can only expire now
    await set(true);
    try {
      for (const node of [voting, replica]) {
        await node.process.kill();
        network.wipeStore(node);
        node.process.start();
      }
      const height = newestOf(context.feeds);
      await waitFor(`B to replay up to block ${height}`, () => isHeardAt(context, chainId, height), BACK_MS_MAX);
    } finally {
      await set(false);
    }
    return { reached: reached && isDisputed, note: `${chainId}${isDisputed ? '' : ', not noticed'}` };
  } finally {
    subscription.unsubscribe();
    replica.process.resume();
  }
};

/** The newest root that an executor itself has stated. */
function newestRoot({ messages, network }: ChaosContext, { chainId }: ExecutorNode): StateRoot | null {
  const own = new LocalSigner(devnetKeys.executor(network.chainIds.indexOf(chainId)));
  for (const { subject, bytes } of messages.newest('root').reverse()) {
    if (subject !== rootSubject(chainId)) continue;
    const { stateRoot, signature } = SignedStateRoot.deserialize(bytes);
    const digest = commitmentDigest(stateRoot.logId, 'root', StateRoot.hashTreeRoot(stateRoot));
    if (bytesToHex(own.sign(digest)) === bytesToHex(signature)) return stateRoot; // signatures are deterministic
  }
  return null;
}

/** Another root of the same height, in the replica's name. Returns whether there was a root to differ from. */
function stateWrongRoot(context: ChaosContext, node: ExecutorNode): boolean {
  const newest = newestRoot(context, node);
  if (!newest) return false;
  const { chainId } = node;
  const signer = new LocalSigner(devnetKeys.replica(context.network.chainIds.indexOf(chainId)));
  const stateRoot = { ...newest, root: newest.root.map((byte) => byte ^ 0xff) };
  const digest = commitmentDigest(stateRoot.logId, 'root', StateRoot.hashTreeRoot(stateRoot));
  const signature = signer.sign(digest);
  context.wrongRoots.push(bytesToHex(stateRoot.root));
  context.nats.publish(rootSubject(chainId), SignedStateRoot.serialize({ stateRoot, signature }));
  return true;
}

/** Whether a rollup's voting executor says within a moment that it has applied a block. */
async function isHeardAt({ nats }: ChaosContext, chainId: number, height: number): Promise<boolean> {
  let heard = -1;
  const subscription = subscribeBytes(nats, statusSubject(chainId), (bytes) => {
    const { data } = JSON.parse(Buffer.from(bytes).toString()) as { data: { role: string; number: number } };
    if (data.role === 'voting') heard = Math.max(heard, data.number);
  });
  await holdsWithin(() => heard >= height, 1_500);
  subscription.unsubscribe();
  return heard >= height;
}
