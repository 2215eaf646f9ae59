import { checkDecision, checkVote, CommitProtocolError } from '#libs/atomic-commit';
import { bytesToHex, firstSigner, type Hex } from '#libs/protocol';
import type { Check, CheckContext } from '../check-context.js';
import type { IndexedDecision, IndexedOperation, IndexedPrepare } from '../decode-entries.js';
import { Tally } from '../report.js';

/** How long after the deadline an operation may stay undecided, log time in ms. */
const DECIDED_WITHIN_MS = 2_000;

/**
 * I16: an operation has one PREPARE and at most one DECISION, after it; exactly one at rest. A participant's vote counts
 * once, a (signer, nonce) is used by one operation.
 */
export const checkPhases: Check = ({ index, options }) => {
  const tally = new Tally();
  const nonces = new Map<string, IndexedPrepare>();
  for (const [operationId, operation] of index.operations) {
    const { prepares, decisions } = operation;
    const entries = [...prepares, ...decisions].map(({ entry }) => entry);
    tally.look();
    const fault = phaseFault(operation, options.atRest);
    if (fault) tally.fail(`operation ${operationId} ${fault}`, { entries });
    for (const { decision } of decisions) {
      const voters = decision.votes.map(({ vote }) => vote.chainId);
      if (new Set(voters).size < voters.length) {
        tally.fail(`the decision of ${operationId} counts a vote of ${voters.join(', ')}`, { entries });
      }
    }
    for (const prepare of prepares) checkNonceUse(tally, nonces, prepare);
  }
  return tally;
};

function phaseFault({ prepares, decisions }: IndexedOperation, atRest: boolean): string | null {
  if (prepares.length === 0) return 'is decided without PREPARE';
  if (prepares.length > 1) return `has ${prepares.length} PREPAREs`;
  if (decisions.length > 1) return `has ${decisions.length} DECISIONs`;
  if (decisions.length === 0) return atRest ? 'is undecided at rest' : null;
  return decisions[0]!.entry.sequence < prepares[0]!.entry.sequence ? 'is decided before PREPARE' : null;
}

function checkNonceUse(tally: Tally, nonces: Map<string, IndexedPrepare>, prepare: IndexedPrepare): void {
  const { intent } = prepare.prepare;
  const signer = bytesToHex(firstSigner(intent));
  const key = `${signer}:${intent.value.nonce}`;
  const first = nonces.get(key) ?? prepare;
  nonces.set(key, first);
  if (first.operationId === prepare.operationId) return;
  tally.fail(`nonce ${intent.value.nonce} of ${signer} is used by ${first.operationId} and ${prepare.operationId}`, {
    entries: [first.entry, prepare.entry],
  });
}

/** The PREPARE that a decision is about; undefined is a matter of I16. */
const prepareOf = ({ index }: CheckContext, { operationId }: IndexedDecision): IndexedPrepare | undefined =>
  index.operations.get(operationId)?.prepares[0];

/** I17: each DECISION follows from its votes, or an operator's abort, and the timestamp of its block. */
export const checkDecisions: Check = (context) => {
  const tally = new Tally();
  const { logId } = context.index;
  for (const decided of context.index.decisions) {
    const prepare = prepareOf(context, decided);
    if (!prepare) continue;
    tally.look();
    const { timestampMs } = decided.block;
    try {
      checkDecision(prepare.operation, decided.decision, { timestampMs, logId, recover: context.recover });
    } catch (error) {
      if (!(error instanceof CommitProtocolError)) throw error;
      tally.fail(error.message, { entries: [decided.entry, prepare.entry] });
    }
  }
  return tally;
};

/** I24: every vote that a DECISION carries is for its PREPARE and of a participant's voting key. */
export const checkVotes: Check = (context) => {
  const tally = new Tally();
  for (const decided of context.index.decisions) {
    const prepare = prepareOf(context, decided);
    if (!prepare) continue;
    for (const signed of decided.decision.votes) {
      const fault = checkVote(signed, prepare.operation, context.index.logId, context.recover);
      const { chainId } = signed.vote;
      tally.expect(!fault, () => `the decision of ${decided.operationId} counts a vote of ${chainId}: ${fault}`, {
        entries: [decided.entry, prepare.entry],
      });
    }
  }
  return tally;
};

/**
 * I26: an operation is decided within 2 s of log time after its deadline; where no block came for longer, in the first
 * that did.
 */
export const checkLiveness: Check = ({ index }) => {
  const tally = new Tally();
  const timestamps = index.blocks.map(({ timestampMs }) => timestampMs);
  const newest = timestamps.at(-1) ?? 0;
  for (const [operationId, { prepares, decisions }] of index.operations) {
    const prepare = prepares[0];
    if (!prepare) continue;
    const { deadlineMs } = prepare.prepare;
    const latestMs = Math.max(deadlineMs + DECIDED_WITHIN_MS, firstAfter(timestamps, deadlineMs));
    const decision = decisions[0];
    const endMs = decision?.block.timestampMs ?? newest;
    const what = decision ? 'was decided' : 'is undecided';
    tally.expect(endMs <= latestMs, () => `${operationId} ${what} at ${endMs}, its deadline was ${deadlineMs}`, {
      entries: [prepare, ...decisions].map(({ entry }) => entry),
    });
  }
  return tally;
};

/** The first of ascending timestamps after a moment; 0 where none is. */
function firstAfter(timestamps: readonly number[], momentMs: number): number {
  let [low, high] = [0, timestamps.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timestamps[middle]! > momentMs) high = middle;
    else low = middle + 1;
  }
  return timestamps[low] ?? 0;
}

/** Ids of the operations that a block leaves undecided, by the log. */
export function undecidedAt(operations: ReadonlyMap<Hex, IndexedOperation>, blockNumber: number): Set<Hex> {
  const undecided = new Set<Hex>();
  for (const [id, { prepares, decisions }] of operations) {
    const prepared = prepares.some(({ block }) => block.number <= blockNumber);
    const decided = decisions.some(({ block }) => block.number <= blockNumber);
    if (prepared && !decided) undecided.add(id);
  }
  return undecided;
}
