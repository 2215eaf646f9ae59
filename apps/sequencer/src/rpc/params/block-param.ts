import { equalBytes, hexToBytes } from '#libs/protocol';
import { RpcCode, RpcError } from '../json-rpc/rpc-error.js';
import type { RpcBackend } from '../rpc-backend.js';
import { bytes32Param, objectParam, quantityParam, refuse } from './values.js';

/** A block as a client names it, resolved as far as it can be without a look into the log. */
export type BlockParam = { number: number } | { hash: Uint8Array };

/**
 * Resolves a block number or tag. `latest`, `pending`, `safe` and `finalized` are the newest durable block: what is in
 * the log is never taken out of it, and there are no verifiers yet (design, section 9).
 */
export function blockNumberParam(value: unknown, name: string, backend: RpcBackend): number {
  switch (value) {
    case 'latest':
    case 'pending':
    case 'safe':
    case 'finalized':
      return backend.head().number;
    case 'earliest':
      return 0;
    default:
      if (typeof value !== 'string' || !value.startsWith('0x')) {
        return refuse(name, 'a block number as a hex quantity, latest, pending, safe, finalized or earliest', value);
      }
      return Number(quantityParam(value, name, 53));
  }
}

/** Resolves a block number, a tag, or an object of EIP-1898: `{blockNumber}` or `{blockHash}`. */
export function blockParam(value: unknown, name: string, backend: RpcBackend): BlockParam {
  if (typeof value !== 'object' || value === null) return { number: blockNumberParam(value, name, backend) };
  const { blockNumber, blockHash } = objectParam(value, name);
  if (blockHash !== undefined) return { hash: hexToBytes(bytes32Param(blockHash, `${name}.blockHash`)) };
  return { number: blockNumberParam(blockNumber, `${name}.blockNumber`, backend) };
}

/**
 * Checks that a read of state asks for the newest one: executors keep no other. Absent means latest.
 * @throws RpcError `STATE_NOT_KEPT` for an older block, `BLOCK_NOT_FOUND` for one that does not exist yet
 */
export function assertLatestState(value: unknown, name: string, backend: RpcBackend): void {
  if (value === undefined || value === null || value === 'latest' || value === 'pending') return;
  const block = blockParam(value, name, backend);
  const head = backend.head();
  if ('number' in block ? block.number === head.number : equalBytes(block.hash, head.hash)) return;
  if ('number' in block && block.number > head.number) {
    throw new RpcError(
      { code: 'BLOCK_NOT_FOUND', rpcCode: RpcCode.SERVER_ERROR, field: name },
      `header not found: block ${block.number}, the newest is ${head.number}`,
    );
  }
  throw new RpcError(
    { code: 'STATE_NOT_KEPT', rpcCode: RpcCode.SERVER_ERROR, field: name },
    `missing trie node: state is kept for the newest block only, ${head.number}; ask for latest`,
  );
}
