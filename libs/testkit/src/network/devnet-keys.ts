import { privateKeyFromMnemonic } from '#libs/crypto';

/** The well-known development mnemonic: its first ten accounts are funded at genesis of the devnet. Never for value. */
export const DEVNET_MNEMONIC = 'test test test test test test test test test test test junk';

/** Mnemonic indexes of the two sequencers' keys. */
const SEQUENCERS = [20, 23];
const REGISTRY = 21;
const PRICE = 22;
const EXECUTORS = 30;
const REPLICAS = 40;

/** Private keys of the devnet, derived from {@link DEVNET_MNEMONIC}; `config/devnet.json` has their addresses. */
export const devnetKeys = {
  /** Account `index` of the ten funded ones. */
  account: (index: number): Uint8Array => privateKeyFromMnemonic(DEVNET_MNEMONIC, index),
  /** Header key of the `index`-th sequencer, 0 or 1. */
  sequencer: (index = 0): Uint8Array => privateKeyFromMnemonic(DEVNET_MNEMONIC, SEQUENCERS[index]!),
  registry: (): Uint8Array => privateKeyFromMnemonic(DEVNET_MNEMONIC, REGISTRY),
  price: (): Uint8Array => privateKeyFromMnemonic(DEVNET_MNEMONIC, PRICE),
  /** Voting key of the topology's `index`-th rollup. */
  executor: (index: number): Uint8Array => privateKeyFromMnemonic(DEVNET_MNEMONIC, EXECUTORS + index),
  /** Key of the replica of the topology's `index`-th rollup. */
  replica: (index: number): Uint8Array => privateKeyFromMnemonic(DEVNET_MNEMONIC, REPLICAS + index),
};
