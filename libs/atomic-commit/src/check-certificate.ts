import {
  bytesToHex,
  type Certificate,
  Decision,
  EntryKind,
  entryBody,
  equalBytes,
  findRollup,
  Prepare,
  SignedPrice,
} from '#libs/protocol';
import { checkDecision } from './check-decision.js';
import { type CheckedEntry, checkProvedEntry } from './check-proved-entry.js';
import { EvidenceError, type EvidencePart } from './evidence-error.js';
import type { PreparedOperation, RecoverAddress } from './prepared-operation.js';
import type { RegistryBook } from './registry-book.js';

/** What a certificate has shown. */
export interface CheckedCertificate {
  prepare: CheckedEntry & { value: Prepare };
  decision: CheckedEntry & { value: Decision };
  /** The price entry that came with it; whether it is the right one is a matter of the plan. */
  price: (CheckedEntry & { value: SignedPrice }) | null;
}

/**
 * Checks an operation's certificate against exported registries and nothing else (design, section 2): PREPARE and
 * DECISION stand in the shared lane under headers that sequencers of the registries signed, in this order, and the
 * decision follows from its votes, signed by the keys in force in PREPARE's block, and from log time (I17, I24, I32).
 *
 * Legs are opaque here: that they follow from the intent is for the one who knows options.
 * @throws EvidenceError, or CommitProtocolError for a decision that breaks the commit protocol
 */
export function checkCertificate(
  certificate: Certificate,
  book: RegistryBook,
  recover: RecoverAddress,
): CheckedCertificate {
  const prepareEntry = checkProvedEntry('prepare', EntryKind.PREPARE, certificate.prepare, book, recover);
  const decisionEntry = checkProvedEntry('decision', EntryKind.DECISION, certificate.decision, book, recover);
  checkOrder('decision', prepareEntry, decisionEntry);
  const prepare = { ...prepareEntry, value: read('prepare', prepareEntry, Prepare) as Prepare };
  const decision = { ...decisionEntry, value: read('decision', decisionEntry, Decision) };
  checkDecision(preparedOperation(prepare), decision.value, {
    timestampMs: decision.header.timestamp,
    logId: book.logId,
    recover,
  });
  const [provedPrice] = certificate.price;
  if (!provedPrice) return { prepare, decision, price: null };
  const priceEntry = checkProvedEntry('price', EntryKind.PRICE, provedPrice, book, recover);
  checkOrder('prepare', priceEntry, prepareEntry);
  return { prepare, decision, price: { ...priceEntry, value: read('price', priceEntry, SignedPrice) } };
}

/** Votes count by the keys in force in PREPARE's block, whatever changed since. */
function preparedOperation({ value, id, hash, registry }: CheckedCertificate['prepare']): PreparedOperation {
  const { operationId, deadlineMs } = value;
  const participants = value.participants.map((chainId) => {
    const rollup = findRollup(registry, chainId);
    if (rollup) return { chainId, votingKey: rollup.votingKey };
    throw new EvidenceError({ code: 'UNKNOWN_PARTICIPANT', chainId }, `Participant ${chainId} is no rollup.`);
  });
  return { operationId, prepareId: id, prepareBlockHash: hash, deadlineMs, participants };
}

/** What two blocks of one log can be to one another. @param part what comes later */
function checkOrder(part: EvidencePart, first: CheckedEntry, second: CheckedEntry): void {
  const [before, after] = [first.header, second.header];
  const wrong = (field: 'number' | 'parent' | 'epoch' | 'timestamp' | 'sequence'): never => {
    throw new EvidenceError({ code: 'WRONG_ORDER', part, field }, `By its ${field} the ${part} comes too early.`);
  };
  if (before.number === after.number && !equalBytes(first.hash, second.hash)) {
    const hashes: [string, string] = [bytesToHex(first.hash), bytesToHex(second.hash)];
    throw new EvidenceError(
      { code: 'EQUIVOCATION', number: before.number, hashes },
      `Leaders signed two blocks ${before.number}: ${hashes.join(' and ')}.`,
      'Keep the file: it is evidence against the sequencer.',
    );
  }
  if (after.number < before.number) wrong('number');
  if (after.number === before.number + 1 && !equalBytes(after.parentHash, first.hash)) wrong('parent');
  if (after.epoch < before.epoch) wrong('epoch');
  if (after.timestamp < before.timestamp) wrong('timestamp');
  const end = before.firstSequence + BigInt(before.entryCount);
  if (second.sequence <= first.sequence || (after.number > before.number && after.firstSequence < end)) {
    wrong('sequence');
  }
}

function read<T>(part: EvidencePart, { bytes }: CheckedEntry, type: { deserialize(bytes: Uint8Array): T }): T {
  try {
    return type.deserialize(entryBody(bytes));
  } catch (error) {
    const reason = (error as Error).message;
    throw new EvidenceError({ code: 'ENTRY_UNREADABLE', part, reason }, `The ${part} cannot be read: ${reason}.`);
  }
}
