import { bytesToHex, commitmentDigest, equalBytes, findRollup, type SignedStateRoot, StateRoot } from '#libs/protocol';
import { voteDigest } from '#libs/atomic-commit';
import type { Check, CheckContext } from '../check-context.js';
import type { IndexedRoot } from '../decode-entries.js';
import { Tally } from '../report.js';

/**
 * I32: each counted vote is signed by the voting key that the rollup had in PREPARE's block, each state root by the
 * voting or a replica key that it had at the height stated; a root stands in its own rollup's lane.
 */
export const checkKeys: Check = (context) => {
  const tally = new Tally();
  for (const root of context.index.roots) {
    const fault = rootFault(context, root);
    tally.expect(!fault, () => `state root ${root.entry.sequence} ${fault}`, { entries: [root.entry] });
  }
  for (const { entry, decision, operationId } of context.index.decisions) {
    const block = context.index.operations.get(operationId)?.prepares[0]?.block;
    if (!block) continue;
    for (const { vote, signature } of decision.votes) {
      const key = findRollup(block.registry, vote.chainId)?.votingKey;
      const signer = context.recover(voteDigest(vote), signature);
      tally.expect(
        key !== undefined && signer !== null && equalBytes(key, signer),
        () => `a vote of ${vote.chainId} on ${operationId} is signed by ${signer ? bytesToHex(signer) : 'nobody'}`,
        { entries: [entry] },
      );
    }
  }
  return tally;
};

function rootFault({ index, recover }: CheckContext, { signed, entry, block }: IndexedRoot): string | null {
  const { stateRoot } = signed;
  if (!equalBytes(stateRoot.logId, index.logId)) return 'is of another log';
  if (stateRoot.chainId !== entry.lane) return `of ${stateRoot.chainId} stands in lane ${entry.lane}`;
  const stated = index.byNumber.get(stateRoot.number) ?? block;
  const rollup = findRollup(stated.registry, stateRoot.chainId);
  if (!rollup) return `is of ${stateRoot.chainId}, which is no rollup`;
  const signer = recover(rootDigest(index.logId, signed), signed.signature);
  const keys = [rollup.votingKey, ...rollup.replicaKeys];
  if (signer && keys.some((key) => equalBytes(key, signer))) return null;
  return `is signed by ${signer ? bytesToHex(signer) : 'nobody'}, which is no key of ${stateRoot.chainId}`;
}

const rootDigest = (logId: Uint8Array, { stateRoot }: SignedStateRoot): Uint8Array =>
  commitmentDigest(logId, 'root', StateRoot.hashTreeRoot(stateRoot));
