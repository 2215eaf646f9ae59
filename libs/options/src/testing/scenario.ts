import { Reason, type SeriesTerms } from '#libs/protocol';
import { FUNDS, Network, ONE_ETH, ONE_USD, type Prepared } from './network.js';

/** What each of the network's owners has of an asset on each rollup, base units. */
export const USD_FUNDS = FUNDS * 1_000n * ONE_USD;
export const ETH_FUNDS = FUNDS * ONE_ETH;

export const has = (network: Network, chainId: number, owner: Uint8Array, asset: Uint8Array) =>
  network.ledger(chainId).balanceOf(owner, asset).available;
export const events = (results: ReturnType<Network['block']>) =>
  [...results].flatMap(([chainId, { operationEvents }]) => operationEvents.map(({ type }) => `${chainId} ${type}`));
export const reasons = ({ votes }: Prepared) => votes.map(({ chainId, reason }) => `${chainId} ${Reason[reason]}`);

/** A network at a price in the money of every call or put, with ten options written by Alice to Bob. */
export function withOptions(of: SeriesTerms, quantity = 10n * ONE_ETH): Network {
  const network = new Network();
  network.block([network.price(1n, (of.isPut ? 1_500n : 2_500n) * ONE_USD)]);
  network.execute(network.writeIntent(of, quantity));
  return network;
}
