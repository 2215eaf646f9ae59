import { BATCH_CALLS_MAX, JSON_DEPTH_MAX } from '../limits.js';
import { isDeeperThan } from './json-depth.js';
import { RpcCode, RpcError } from './rpc-error.js';

export interface ParsedBody {
  isBatch: boolean;
  /** What should be calls; not looked at yet. */
  calls: unknown[];
}

/**
 * Reads the body of a JSON-RPC request.
 * @throws RpcError -32700 for what is no JSON; -32600 for an empty batch, too many calls or too much nesting
 */
export function parseBody(body: Buffer): ParsedBody {
  if (isDeeperThan(body, JSON_DEPTH_MAX)) {
    throw RpcError.invalidRequest(`arrays and objects stand more than ${JSON_DEPTH_MAX} deep within one another`);
  }
  const value = parseJson(body);
  if (!Array.isArray(value)) return { isBatch: false, calls: [value] };
  if (value.length === 0) throw RpcError.invalidRequest('empty batch');
  if (value.length > BATCH_CALLS_MAX) {
    throw RpcError.invalidRequest(`batch too large: ${value.length} calls, limit ${BATCH_CALLS_MAX}`);
  }
  return { isBatch: true, calls: value };
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new RpcError({ code: 'PARSE_ERROR', rpcCode: RpcCode.PARSE_ERROR }, 'parse error: the body is no valid JSON');
  }
}
