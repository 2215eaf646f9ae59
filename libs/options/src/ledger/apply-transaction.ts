import {
  bytesToHex,
  decodeTransactionBody,
  entryBody,
  intrinsicGas,
  keccak256,
  type LogEntry,
  type TransactionBody,
} from '#libs/protocol';
import { bytesKey } from '../bytes-key.js';
import { callGas, checkCall } from '../market/execute-call.js';
import { encodeRevert, Revert } from '../market/words.js';
import { balanceKey } from '../state/ledger-state.js';
import type { EventLog, TransactionReceipt } from './block-result.js';
import { type BlockScope, placeIn } from './block-scope.js';
import { LedgerHaltError } from './halt-error.js';
import { readEntry } from './read-entry.js';

type Outcome = Pick<TransactionReceipt, 'status' | 'logs' | 'revertReason' | 'revertData'>;

/**
 * TRANSACTION: counts the nonce up, takes the fee, carries the call out. A call that fails changes nothing else and is
 * recorded as reverted. Gas is the intrinsic gas and a fixed one for each function of the market, spent whether or not
 * the call succeeds; a lower limit runs out of gas and spends the limit. The base fee is 0.
 * @throws LedgerHaltError for a transaction that must not stand in this lane (I5, I31)
 */
export function applyTransaction(block: BlockScope, { sequence, sender, bytes }: LogEntry, laneIndex: number): void {
  const raw = entryBody(bytes);
  const body = readEntry(block, sequence, () => decodeTransactionBody(raw));
  requireOwnChain(block, sequence, body);
  const from = useNonce(block, sequence, sender, body.nonce);
  const gas = intrinsicGas(body) + callGas(body);
  const enough = gas <= body.gasLimit;
  const gasUsed = enough ? gas : body.gasLimit;
  // min(maxFeePerGas, base fee 0 + maxPriorityFeePerGas): the decoder has checked that the tip is the lower one.
  const effectiveGasPrice = body.maxPriorityFeePerGas;
  takeFee(block, from, gasUsed * effectiveGasPrice);
  const { status, logs, revertReason, revertData } = enough ? carryOut(block, from, body) : reverted('out of gas');
  const { receipts } = block.result;
  receipts.push({
    hash: keccak256(raw),
    sequence,
    index: receipts.length,
    laneIndex,
    from,
    to: body.to && new Uint8Array(body.to),
    nonce: body.nonce,
    status,
    gasUsed,
    effectiveGasPrice,
    logs,
    revertReason,
    revertData,
  });
}

function carryOut(block: BlockScope, from: Uint8Array, { to, value, data }: TransactionBody): Outcome {
  try {
    return succeeded(checkCall(block, block.genesis.nativeAsset, { from, to, value, data }).effect());
  } catch (error) {
    if (!(error instanceof Revert)) throw error;
    return reverted(error.message);
  }
}

const succeeded = (logs: EventLog[]): Outcome => ({ status: 'success', logs });

const reverted = (reason: string): Outcome => ({
  status: 'reverted',
  logs: [],
  revertReason: reason,
  revertData: encodeRevert(reason),
});

/** Counts an account's nonce up; returns its address in memory of the ledger's own. */
function useNonce(block: BlockScope, sequence: bigint, sender: Uint8Array, nonce: bigint): Uint8Array {
  const { nonces } = block.state;
  const key = bytesKey(sender);
  const row = nonces.get(key);
  const expected = row?.nonce ?? 0n;
  if (nonce !== expected) {
    const account = bytesToHex(sender);
    throw new LedgerHaltError(
      { code: 'HALT_NONCE', ...placeIn(block, sequence), sender: account, nonce, expected },
      `I5: account ${account} sends nonce ${nonce}, its next one is ${expected}`,
    );
  }
  if (!row) return nonces.insert({ address: new Uint8Array(sender), nonce: 1n }, key).address;
  row.nonce = nonce + 1n;
  nonces.touch(row);
  return row.address;
}

function requireOwnChain(block: BlockScope, sequence: bigint, { chainId }: TransactionBody): void {
  if (chainId === block.chainId) return;
  throw new LedgerHaltError(
    { code: 'HALT_TRANSACTION_CHAIN_ID', ...placeIn(block, sequence), chainId, expected: block.chainId },
    `I31: a transaction for chain ${chainId} stands in the lane of ${block.chainId}`,
  );
}

/** The fee goes to the fee account, at most what the sender has available. */
function takeFee({ state, genesis }: BlockScope, from: Uint8Array, fee: bigint): void {
  if (fee === 0n) return;
  const { nativeAsset, feeAccount } = genesis;
  const available = state.balances.available(balanceKey(from, nativeAsset));
  state.moveBalance(from, feeAccount, nativeAsset, fee < available ? fee : available);
}
