import { recoverAddress } from '#libs/crypto';
import { bytesToHex, checkChainId, decodeTransaction, entryBody, NO_SENDER } from '#libs/protocol';
import type { LoggedEntry } from '#libs/persistence';
import type { Check } from '../check-context.js';
import { Tally } from '../report.js';

/**
 * I5: nonces are contiguous from 0 for each (chain id, sender), in the order of the log; the sender is recovered again
 * from the bytes, for as many as the options say.
 */
export const checkNonces: Check = ({ index, options }) => {
  const tally = new Tally();
  const next = new Map<string, bigint>();
  const { recoverEvery } = options;
  for (const [place, { entry }] of index.transactions.entries()) {
    tally.look();
    const sender = bytesToHex(entry.sender ?? NO_SENDER);
    const account = `${entry.lane}:${sender}`;
    const due = next.get(account) ?? 0n;
    const fault = recoverEvery > 0 && place % recoverEvery === 0 ? senderFault(entry, sender) : null;
    if (fault) tally.fail(fault, { entries: [entry] });
    if (entry.nonce !== due) {
      tally.fail(`${sender} on ${entry.lane} uses nonce ${entry.nonce} where ${due} is due`, { entries: [entry] });
    }
    next.set(account, (entry.nonce ?? due) + 1n);
  }
  return tally;
};

/** What the bytes say of sender and nonce, against what the log does. What cannot be decoded is a matter of I31. */
function senderFault(entry: LoggedEntry, sender: string): string | null {
  let transaction;
  try {
    transaction = decodeTransaction(entryBody(entry.bytes));
  } catch {
    return null;
  }
  const signature = new Uint8Array(65);
  signature.set(transaction.signature);
  signature[64] = 27 + transaction.recoveryId;
  const signer = recoverAddress(transaction.signingHash, signature);
  const recovered = signer ? bytesToHex(signer) : 'nobody';
  if (recovered !== sender) return `entry ${entry.sequence} names sender ${sender}; ${recovered} signed it`;
  if (transaction.nonce === entry.nonce) return null;
  return `entry ${entry.sequence} is stored with nonce ${entry.nonce}, its bytes say ${transaction.nonce}`;
}

/** I31: each transaction is strictly encoded (so it re-encodes to its own bytes), has low s and is for its own lane. */
export const checkTransactions: Check = ({ index }) => {
  const tally = new Tally();
  for (const { entry } of index.transactions) {
    tally.look();
    try {
      checkChainId(decodeTransaction(entryBody(entry.bytes)), entry.lane);
    } catch (error) {
      tally.fail(`entry ${entry.sequence} in lane ${entry.lane}: ${(error as Error).message}`, { entries: [entry] });
    }
  }
  return tally;
};
