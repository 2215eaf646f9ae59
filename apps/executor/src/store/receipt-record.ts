import { ByteListType, ContainerType, ListCompositeType } from '@chainsafe/ssz';
import type { VerifiedBlock } from '#libs/executor-sdk';
import type { BlockResult, TransactionReceipt } from '#libs/options';
import {
  Address,
  Bool,
  Bytes32,
  EntryKind,
  LANE_ENTRIES_MAX,
  Uint256,
  Uint64,
  Uint8,
  type ValueOf,
} from '#libs/protocol';

const StoredLog = new ContainerType({
  address: Address,
  topics: new ListCompositeType(Bytes32, 4),
  data: new ByteListType(1 << 20),
});

const StoredReceipt = new ContainerType({
  hash: Bytes32,
  sequence: Uint64,
  type: Uint8,
  from: Address,
  /** Empty for a contract creation. */
  to: new ByteListType(20),
  succeeded: Bool,
  gasUsed: Uint64,
  effectiveGasPrice: Uint256,
  logs: new ListCompositeType(StoredLog, 1024),
  revertReason: new ByteListType(4096),
});
export type StoredReceipt = ValueOf<typeof StoredReceipt>;

/** The receipts of one block as they are stored. */
export const BlockReceipts = new ContainerType(
  { blockHash: Bytes32, receipts: new ListCompositeType(StoredReceipt, LANE_ENTRIES_MAX) },
  { typeName: 'BlockReceipts' },
);
export type BlockReceipts = ValueOf<typeof BlockReceipts>;

const NO_BYTES = new Uint8Array(0);
const utf8 = new TextEncoder();

/** @param type the transaction's EIP-2718 type */
function toStoredReceipt(receipt: TransactionReceipt, type: number): StoredReceipt {
  const { hash, sequence, from, to, status, gasUsed, effectiveGasPrice, logs, revertReason } = receipt;
  return {
    hash,
    sequence,
    type,
    from,
    to: to ?? NO_BYTES,
    succeeded: status === 'success',
    gasUsed,
    effectiveGasPrice,
    logs,
    revertReason: revertReason === undefined ? NO_BYTES : utf8.encode(revertReason).subarray(0, 4096),
  };
}

/** A block's receipts as they are stored; there is one for each own transaction, in order. */
export function receiptsOf({ entries }: VerifiedBlock, { receipts }: BlockResult): StoredReceipt[] {
  let next = 0;
  const stored: StoredReceipt[] = [];
  for (const { kind, bytes } of entries) {
    if (kind !== EntryKind.TRANSACTION) continue;
    // The raw transaction follows the kind byte; its first byte is the type, or from 0x80 on a legacy one's list.
    const type = bytes[1]! < 0x80 ? bytes[1]! : 0;
    stored.push(toStoredReceipt(receipts[next++]!, type));
  }
  return stored;
}
