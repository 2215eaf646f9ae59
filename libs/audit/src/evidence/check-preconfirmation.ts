import {
  type CheckedEntry,
  checkProvedEntry,
  EvidenceError,
  type RecoverAddress,
  type RegistryBook,
} from '#libs/atomic-commit';
import {
  bytesToHex,
  checkChainId,
  concatBytes,
  type DecodedTransaction,
  decodeTransaction,
  entryBody,
  EntryKind,
  equalBytes,
  type ProvedEntry,
} from '#libs/protocol';

/** What a preconfirmation has shown. */
export interface CheckedPreconfirmation extends CheckedEntry {
  transaction: DecodedTransaction;
}

/**
 * Checks a preconfirmation: a leader signed that this transaction stands at this place of its rollup's lane. The
 * transaction is decoded and its sender recovered again.
 * @throws EvidenceError
 */
export function checkPreconfirmation(
  proved: ProvedEntry,
  book: RegistryBook,
  recover: RecoverAddress,
): CheckedPreconfirmation {
  const entry = checkProvedEntry('transaction', EntryKind.TRANSACTION, proved, book, recover);
  const transaction = readTransaction(entryBody(entry.bytes), proved.chainId);
  const signature = concatBytes(transaction.signature, Uint8Array.of(transaction.recoveryId));
  const signer = recover(transaction.signingHash, signature);
  if (!signer || !equalBytes(signer, entry.sender)) {
    const sender = bytesToHex(entry.sender);
    throw new EvidenceError(
      { code: 'ENTRY_SENDER', part: 'transaction', sender },
      `The transaction is signed by ${signer ? bytesToHex(signer) : 'nobody'}, the log says by ${sender}.`,
      'Keep the file: it is evidence against the sequencer.',
    );
  }
  return { ...entry, transaction };
}

function readTransaction(raw: Uint8Array, chainId: number): DecodedTransaction {
  try {
    const transaction = decodeTransaction(raw);
    checkChainId(transaction, chainId);
    return transaction;
  } catch (error) {
    const reason = (error as Error).message;
    const type = { code: 'ENTRY_UNREADABLE', part: 'transaction', reason } as const;
    throw new EvidenceError(type, `The transaction is none for rollup ${chainId}: ${reason}.`);
  }
}
