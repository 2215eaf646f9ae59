import { bytesToHex, keccak256 } from '#libs/protocol';
import type { FoundReceipt } from '../store/executor-store.js';
import type { StoredReceipt } from '../store/receipt-record.js';
import { toQuantity } from './params.js';

/** A receipt as `eth_getTransactionReceipt` gives it. */
export function receiptJson({ block, blockNumber, index }: FoundReceipt): Record<string, unknown> {
  const receipt = block.receipts[index]!;
  const before = block.receipts.slice(0, index);
  const place = {
    blockHash: bytesToHex(block.blockHash),
    blockNumber: toQuantity(blockNumber),
    transactionHash: bytesToHex(receipt.hash),
    transactionIndex: toQuantity(index),
  };
  const firstLog = before.reduce((count, { logs }) => count + logs.length, 0);
  const gasBefore = before.reduce((gas, { gasUsed }) => gas + gasUsed, 0n);
  return {
    ...place,
    type: toQuantity(receipt.type),
    from: bytesToHex(receipt.from),
    to: receipt.to.length === 0 ? null : bytesToHex(receipt.to),
    contractAddress: null,
    status: toQuantity(receipt.succeeded ? 1 : 0),
    gasUsed: toQuantity(receipt.gasUsed),
    cumulativeGasUsed: toQuantity(gasBefore + receipt.gasUsed),
    effectiveGasPrice: toQuantity(receipt.effectiveGasPrice),
    logs: receipt.logs.map((log, logIndex) => logJson(log, firstLog + logIndex, place)),
    logsBloom: bytesToHex(bloomOf(receipt)),
    // What Ethereum has no field for: the global sequence, and why it was reverted.
    sequence: String(receipt.sequence),
    ...(receipt.succeeded ? {} : { revertReason: new TextDecoder().decode(receipt.revertReason) }),
  };
}

type StoredLog = StoredReceipt['logs'][number];

/** A log as `eth_getLogs` and receipts give it. @param logIndex its place among all logs of the block */
export const logJson = (
  { address, topics, data }: StoredLog,
  logIndex: number,
  place: Record<string, unknown>,
): Record<string, unknown> => ({
  ...place,
  logIndex: toQuantity(logIndex),
  address: bytesToHex(address),
  topics: topics.map(bytesToHex),
  data: bytesToHex(data),
  removed: false,
});

const BLOOM_BYTES = 256;

/** The bloom filter over a receipt's logs (Yellow Paper, section 4.3.1). */
export function bloomOf({ logs }: Pick<StoredReceipt, 'logs'>): Uint8Array {
  const bloom = new Uint8Array(BLOOM_BYTES);
  for (const { address, topics } of logs) {
    for (const value of [address, ...topics]) {
      const hash = keccak256(value);
      for (const at of [0, 2, 4]) {
        const bit = ((hash[at]! << 8) | hash[at + 1]!) & 0x7ff;
        bloom[BLOOM_BYTES - 1 - (bit >> 3)]! |= 1 << (bit & 7);
      }
    }
  }
  return bloom;
}
