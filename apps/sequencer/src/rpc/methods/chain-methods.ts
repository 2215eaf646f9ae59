import { toQuantity } from '../json/quantity.js';
import { RpcError, show } from '../json-rpc/rpc-error.js';
import { blockNumberParam } from '../params/block-param.js';
import { quantityParam, refuse } from '../params/values.js';
import type { CallContext, MethodTable } from './method.js';

/** Suggested to clients, in wei: any price is taken, and the base fee is 0. */
const GAS_PRICE = 1_000_000_000n;
const FEE_HISTORY_BLOCKS_MAX = 1024n;
const PERCENTILES_MAX = 100;

/** Methods that are about the chain as a whole and ask nobody. */
export const chainMethods: MethodTable = {
  eth_chainId: { paramsMax: 0, run: ({ chainId }) => toQuantity(chainId) },
  net_version: { paramsMax: 0, run: ({ chainId }) => String(chainId) },
  net_listening: { paramsMax: 0, run: () => true },
  web3_clientVersion: { paramsMax: 0, run: () => 'Lockstep/v0.1.0' },
  eth_syncing: { paramsMax: 0, run: () => false },
  eth_accounts: { paramsMax: 0, run: () => [] },
  eth_blockNumber: { paramsMax: 0, run: ({ backend }) => toQuantity(backend.head().number) },
  eth_gasPrice: { paramsMax: 0, run: () => toQuantity(GAS_PRICE) },
  eth_maxPriorityFeePerGas: { paramsMax: 0, run: () => toQuantity(GAS_PRICE) },
  eth_feeHistory: { paramsMax: 3, run: feeHistory },
};

/** The base fee is 0 in every block, and every percentile of the tips is taken to be the suggested price. */
function feeHistory({ backend }: CallContext, [count, newest, percentiles]: readonly unknown[]): unknown {
  // Some clients send a JSON number here.
  const asked = typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? toQuantity(count) : count;
  const blockCount = quantityParam(asked, 'blockCount', 64);
  const newestBlock = blockNumberParam(newest, 'newestBlock', backend);
  if (newestBlock > backend.head().number) {
    throw RpcError.invalidParams('newestBlock', `newestBlock ${newestBlock} is beyond the head block`);
  }
  const rewards = rewardOf(percentiles);
  const blocks = Math.min(
    Number(blockCount > FEE_HISTORY_BLOCKS_MAX ? FEE_HISTORY_BLOCKS_MAX : blockCount),
    newestBlock + 1,
  );
  const each = <T>(length: number, value: T): T[] => Array.from({ length }, () => value);
  return {
    oldestBlock: toQuantity(newestBlock + 1 - blocks),
    baseFeePerGas: each(blocks + 1, '0x0'),
    gasUsedRatio: each(blocks, 0),
    ...(rewards === null ? {} : { reward: each(blocks, rewards) }),
  };
}

/** One block's rewards for the percentiles asked for; null for none. */
function rewardOf(percentiles: unknown): string[] | null {
  if (percentiles === undefined || percentiles === null) return null;
  if (!Array.isArray(percentiles) || percentiles.length > PERCENTILES_MAX) {
    return refuse('rewardPercentiles', `an array of at most ${PERCENTILES_MAX} numbers`, percentiles);
  }
  let previous = 0;
  for (const percentile of percentiles as unknown[]) {
    if (typeof percentile !== 'number' || percentile < previous || percentile > 100) {
      const message = `rewardPercentiles must rise from 0 to 100, got ${show(percentile)}`;
      throw RpcError.invalidParams('rewardPercentiles', message);
    }
    previous = percentile;
  }
  if (percentiles.length === 0) return null;
  return percentiles.map(() => toQuantity(GAS_PRICE));
}
