import { type DigestSigner, LocalSigner } from '#libs/crypto';
import { type Genesis, keccak256, type Pool, PROTOCOL_VERSION, type Rollup } from '#libs/protocol';

const utf8 = new TextEncoder();

/** A key that follows from a name, for tests. */
export const testSigner = (name: string): DigestSigner => new LocalSigner(testPrivateKey(name));

/** The private key of {@link testSigner}. */
export const testPrivateKey = (name: string): Uint8Array => keccak256(utf8.encode(`lockstep test key ${name}`));

/** Asset in which gas is paid in {@link testGenesis}. */
export const TEST_NATIVE_ASSET = new Uint8Array(20).fill(0xee);
/** The other asset of {@link testGenesis}. */
export const TEST_QUOTE_ASSET = new Uint8Array(20).fill(0x05);

/**
 * A genesis for tests: rollups 7, 8 and 9, keys by {@link testSigner} (`sequencer`, `registry`, `price`, `voting 7`,
 * `replica 7`, …), balances of both assets on every rollup for the owners given.
 */
export function testGenesis(options: { owners?: Uint8Array[]; pools?: Pool[]; name?: string } = {}): Genesis {
  const { owners = [], pools = [], name = 'test' } = options;
  const chainIds = [7, 8, 9];
  const rollup = (chainId: number): Rollup => ({
    chainId,
    name: utf8.encode(`rollup ${chainId}`),
    votingKey: testSigner(`voting ${chainId}`).address,
    replicaKeys: [testSigner(`replica ${chainId}`).address],
    paused: false,
    quarantined: false,
  });
  const balances = chainIds.flatMap((chainId) =>
    owners.flatMap((owner) => [
      { chainId, owner, asset: TEST_NATIVE_ASSET, amount: 10n ** 24n },
      { chainId, owner, asset: TEST_QUOTE_ASSET, amount: 10n ** 15n },
    ]),
  );
  return {
    version: PROTOCOL_VERSION,
    registry: {
      protocolVersion: PROTOCOL_VERSION,
      changeCount: 0,
      registryKey: testSigner('registry').address,
      sequencerKeys: [testSigner('sequencer').address, testSigner('second sequencer').address],
      rollups: chainIds.map(rollup),
      assets: [
        { address: TEST_NATIVE_ASSET, symbol: utf8.encode('ETH'), decimals: 18 },
        { address: TEST_QUOTE_ASSET, symbol: utf8.encode('USD'), decimals: 6 },
      ],
      pools,
      markets: [{ underlying: TEST_NATIVE_ASSET, quote: TEST_QUOTE_ASSET, priceKey: testSigner('price').address }],
      series: [],
    },
    balances,
    nativeAsset: TEST_NATIVE_ASSET,
    feeAccount: new Uint8Array(20).fill(0xfe),
    prepareMsMax: 10_000,
    randomness: keccak256(utf8.encode(name)),
    startTimeMs: 1_700_000_000_000,
  };
}
