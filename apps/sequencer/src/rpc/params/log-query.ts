import { bytesToHex, hexToBytes } from '#libs/protocol';
import { RpcCode, RpcError } from '../json-rpc/rpc-error.js';
import { logIdOf } from '../json/log-id-of.js';
import type { RpcBackend } from '../rpc-backend.js';
import { blockNumberParam } from './block-param.js';
import { addressParam, bytes32Param, objectParam, refuse } from './values.js';

/** Blocks that one query may span. */
export const LOG_RANGE_BLOCKS_MAX = 100_000;
const TOPICS_MAX = 4;
/** Addresses, and alternatives for one topic; geth's bound. */
const ALTERNATIVES_MAX = 1000;

/** What `eth_getLogs` asks for: numbers of blocks, both ends included, and which logs. Null: any. */
export interface LogQuery {
  from: number;
  to: number;
  address: string[] | null;
  topics: (string[] | null)[];
}

/**
 * The filter of `eth_getLogs` (execution-apis, as geth has it). Absent ends mean `latest`. An end beyond the newest block
 * is an error: a client that asked a node that is ahead would take what is missing for read.
 * @throws RpcError -32602 for what is malformed, -32005 for too long a range, -32000 for an unknown block hash
 */
export async function logQueryParam(value: unknown, chainId: number, backend: RpcBackend): Promise<LogQuery> {
  const { address, topics, blockHash, fromBlock, toBlock } = objectParam(value, 'filter');
  const wanted = { address: alternatives(address, 'address', addressParam), topics: topicsParam(topics) };
  if (blockHash !== undefined && blockHash !== null) {
    if (fromBlock !== undefined || toBlock !== undefined) {
      throw RpcError.invalidParams('blockHash', "can't specify fromBlock/toBlock with blockHash");
    }
    const number = await numberOf(hexToBytes(bytes32Param(blockHash, 'blockHash')), chainId, backend);
    return { from: number, to: number, ...wanted };
  }
  const head = backend.head().number;
  const from = blockNumberParam(fromBlock ?? 'latest', 'fromBlock', backend);
  const to = blockNumberParam(toBlock ?? 'latest', 'toBlock', backend);
  if (from > to) throw RpcError.invalidParams('fromBlock', `invalid block range params: from ${from} to ${to}`);
  if (to > head) throw RpcError.invalidParams('toBlock', `block range extends beyond current head block ${head}`);
  if (to - from >= LOG_RANGE_BLOCKS_MAX) throw logLimit(`exceed maximum block range: ${LOG_RANGE_BLOCKS_MAX}`);
  return { from, to, ...wanted };
}

/** Why a query cannot be answered in one go. */
export const logLimit = (why: string): RpcError =>
  new RpcError({ code: 'LOG_LIMIT', rpcCode: RpcCode.LIMIT_EXCEEDED, field: 'fromBlock' }, why);

async function numberOf(hash: Uint8Array, chainId: number, backend: RpcBackend): Promise<number> {
  if (bytesToHex(hash) === bytesToHex(logIdOf(backend.genesis()))) return 0;
  const block = await backend.blockByHash(chainId, hash);
  if (block) return block.header.number;
  throw new RpcError({ code: 'BLOCK_NOT_FOUND', rpcCode: RpcCode.SERVER_ERROR, field: 'blockHash' }, 'unknown block');
}

function topicsParam(topics: unknown): (string[] | null)[] {
  if (topics === undefined || topics === null) return [];
  if (!Array.isArray(topics)) return refuse('topics', 'a list', topics);
  if (topics.length > TOPICS_MAX) throw RpcError.invalidParams('topics', 'exceed max topics');
  return topics.map((topic: unknown, place) => alternatives(topic, `topics[${place}]`, bytes32Param));
}

/** One value, a list of alternatives, or null for any; an empty list and a null within one mean any too. */
function alternatives(value: unknown, name: string, param: (value: unknown, name: string) => string): string[] | null {
  if (value === undefined || value === null) return null;
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (list.length > ALTERNATIVES_MAX) {
    throw RpcError.invalidParams(name, 'exceed max addresses or topics per search position');
  }
  return list.length === 0 || list.includes(null) ? null : list.map((one) => param(one, name));
}
