import { blockHash, type Genesis } from '#libs/protocol';
import { AuditState } from '../check/audit-state.js';
import { LanesCheck } from '../check/check-lanes.js';
import type { AuditedBlock } from '../source/audit-source.js';
import { Problems } from './problem.js';

/**
 * Hashes, sequences and proofs of a log and nothing else: block hashes, entry ids, leaves, lane roots, the roots over them.
 * @returns how many problems there are
 */
export function checkLanes(genesis: Genesis, blocks: Iterable<AuditedBlock>): number {
  const problems = new Problems(1);
  const state = new AuditState(genesis, problems, () => null, 1);
  const lanes = new LanesCheck(state);
  for (const block of blocks) {
    state.begin(block.number, blockHash(block.header));
    lanes.check(block);
  }
  return problems.total;
}
