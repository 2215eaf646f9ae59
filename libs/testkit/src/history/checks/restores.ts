import { commitmentDigest, equalBytes, Restore, restoreFault } from '#libs/protocol';
import type { Check, CheckContext } from '../check-context.js';
import type { IndexedRestore } from '../decode-entries.js';
import { Tally } from '../report.js';

/**
 * I11: a RESTORE stands in the block after the last one it keeps, signed by the registry key, and from there on every
 * epoch is above those of the lost branch. That the log's earlier copies are prefixes up to there is I6.
 */
export const checkRestores: Check = (context) => {
  const tally = new Tally();
  const { index } = context;
  const declared = new Map<number, IndexedRestore>();
  for (const restored of index.restores) {
    declared.set(restored.block.number, restored);
    const fault = faultOf(context, restored);
    if (fault) tally.fail(`restore ${restored.entry.sequence}: ${fault}`, { entries: [restored.entry] });
  }
  let lostEpoch = 0;
  for (const { number: blockNumber, row } of index.blocks) {
    lostEpoch = Math.max(lostEpoch, declared.get(blockNumber)?.signed.restore.epochAbove ?? 0);
    const { epoch } = row.header;
    tally.expect(
      epoch > lostEpoch,
      () => `block ${blockNumber} is of epoch ${epoch}; a restore gave up those to ${lostEpoch}`,
      { blockNumber },
    );
  }
  return tally;
};

function faultOf({ index, recover }: CheckContext, { block, signed }: IndexedRestore): string | null {
  const { restore, signature } = signed;
  const signer = recover(commitmentDigest(index.logId, 'restore', Restore.hashTreeRoot(restore)), signature);
  const isSigned = signer !== null && equalBytes(signer, block.registry.registryKey);
  return restoreFault(restore, block.row.header) ?? (isSigned ? null : 'the registry key did not sign it');
}
