import { bytesToHex, type Genesis, type Hex } from '#libs/protocol';
import type { RollupBlock } from '../rpc-backend.js';
import { logIdOf } from './log-id-of.js';
import { toQuantity } from './quantity.js';
import { transactionJson } from './transaction-json.js';

/** There is no limit for a block in gas; clients that cap by it must not. */
export const BLOCK_GAS_LIMIT = 1_000_000_000n;

const ZERO_HASH: Hex = `0x${'00'.repeat(32)}`;

/**
 * What Ethereum clients expect in a block and Lockstep has nothing for. State roots and receipts stand apart from the
 * block, in the executors' signed roots; logs are found by receipt, so the bloom is empty.
 */
const PLACEHOLDERS = {
  sha3Uncles: '0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347',
  stateRoot: ZERO_HASH,
  receiptsRoot: ZERO_HASH,
  logsBloom: `0x${'00'.repeat(256)}`,
  mixHash: ZERO_HASH,
  nonce: '0x0000000000000000',
  difficulty: '0x0',
  totalDifficulty: '0x0',
  extraData: '0x',
  size: '0x0',
  gasLimit: toQuantity(BLOCK_GAS_LIMIT),
  gasUsed: '0x0',
  baseFeePerGas: '0x0',
  uncles: [],
} as const;

/**
 * A block as one rollup sees it, in Ethereum's JSON. `transactionsRoot` is the header's root over all lanes, `miner` the
 * leader; `timestamp` is log time in seconds, `timestampMs` the same in ms.
 * @param isFull whole transactions instead of their hashes
 */
export function blockJson({ header, hash, transactions }: RollupBlock, isFull: boolean): Record<string, unknown> {
  return {
    ...PLACEHOLDERS,
    number: toQuantity(header.number),
    hash: bytesToHex(hash),
    parentHash: bytesToHex(header.parentHash),
    transactionsRoot: bytesToHex(header.lanesRoot),
    miner: bytesToHex(header.leader),
    ...timestamps(header.timestamp),
    transactions: isFull ? transactions.map(transactionJson) : transactions.map(({ hash }) => bytesToHex(hash)),
  };
}

/** Block 0, which is no block of the log: its hash is the log id, which block 1 names as its parent. */
export function genesisBlockJson(genesis: Genesis): Record<string, unknown> {
  return {
    ...PLACEHOLDERS,
    number: '0x0',
    hash: bytesToHex(logIdOf(genesis)),
    parentHash: ZERO_HASH,
    transactionsRoot: ZERO_HASH,
    miner: `0x${'00'.repeat(20)}`,
    ...timestamps(genesis.startTimeMs),
    transactions: [],
  };
}

const timestamps = (timeMs: number): { timestamp: Hex; timestampMs: Hex } => ({
  timestamp: toQuantity(Math.floor(timeMs / 1000)),
  timestampMs: toQuantity(timeMs),
});
