import { equalBytes, hexToBytes } from '#libs/protocol';
import { blockJson, genesisBlockJson } from '../json/block-json.js';
import { logIdOf } from '../json/log-id-of.js';
import { transactionJson } from '../json/transaction-json.js';
import { blockNumberParam } from '../params/block-param.js';
import { booleanParam, bytes32Param } from '../params/values.js';
import type { CallContext, MethodTable } from './method.js';

/** Methods that read the log: blocks, transactions and what became of them. */
export const blockMethods: MethodTable = {
  eth_getBlockByNumber: { paramsMax: 2, run: getBlockByNumber },
  eth_getBlockByHash: { paramsMax: 2, run: getBlockByHash },
  eth_getTransactionByHash: { paramsMax: 1, run: getTransactionByHash },
  eth_getTransactionReceipt: {
    paramsMax: 1,
    run: ({ executor }, [hash]) => executor.receipt(bytes32Param(hash, 'hash')),
  },
};

async function getBlockByNumber({ backend, chainId }: CallContext, params: readonly unknown[]): Promise<unknown> {
  const number = blockNumberParam(params[0], 'block', backend);
  const isFull = booleanParam(params[1], 'fullTransactions', false);
  if (number === 0) return genesisBlockJson(backend.genesis());
  if (number > backend.head().number) return null;
  const block = await backend.block(chainId, number);
  return block && blockJson(block, isFull);
}

async function getBlockByHash({ backend, chainId }: CallContext, params: readonly unknown[]): Promise<unknown> {
  const hash = hexToBytes(bytes32Param(params[0], 'hash'));
  const isFull = booleanParam(params[1], 'fullTransactions', false);
  const genesis = backend.genesis();
  if (equalBytes(hash, logIdOf(genesis))) return genesisBlockJson(genesis);
  const block = await backend.blockByHash(chainId, hash);
  return block && blockJson(block, isFull);
}

async function getTransactionByHash({ backend, chainId }: CallContext, [hash]: readonly unknown[]): Promise<unknown> {
  const logged = await backend.transaction(chainId, hexToBytes(bytes32Param(hash, 'hash')));
  return logged && transactionJson(logged);
}
