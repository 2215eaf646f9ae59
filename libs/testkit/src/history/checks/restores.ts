import { commitmentDigest, equalBytes, Restore, restoreFault } from '#libs/protocol';
import type { Check } from '../check-context.js';
import { Tally } from '../report.js';

/**
 * I11: a RESTORE stands in the block after the last one it keeps, signed by the registry key, and from there on every
 * epoch is above those of the lost branch. That the log's earlier copies are prefixes up to there is I6.
 */
export const checkRestores: Check = ({ index, recover }) => {
  const tally = new Tally();
  for (const { block, entry, signed } of index.restores) {
    const { restore, signature } = signed;
    const signer = recover(commitmentDigest(index.logId, 'restore', Restore.hashTreeRoot(restore)), signature);
    const isSigned = signer !== null && equalBytes(signer, block.registry.registryKey);
    const fault = restoreFault(restore, block.row.header) ?? (isSigned ? null : 'the registry key did not sign it');
    tally.expect(fault === null, () => `restore ${entry.sequence}: ${fault}`, { entries: [entry] });
  }
  return tally;
};
