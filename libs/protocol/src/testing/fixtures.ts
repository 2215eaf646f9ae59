import { bytesToHex, hexToBytes } from '../bytes.js';
import { type Genesis } from '../genesis.js';
import { keccak256 } from '../keccak.js';
import { type Intent, OperationKind } from '../operation.js';
import { type Registry, type Rollup, seriesId, type SeriesTerms } from '../registry.js';
import { privateKeyToAddress, sign } from 'viem/accounts';

/** Fixed inputs of the test vectors and of tests that need a registry. Nothing here is secret or random. */

const utf8 = new TextEncoder();

export const named = (name: string): Uint8Array => keccak256(utf8.encode(`lockstep vector ${name}`));
export const privateKey = (name: string): Uint8Array => named(`key ${name}`);
export const addressOf = (name: string): Uint8Array => hexToBytes(privateKeyToAddress(bytesToHex(privateKey(name))));

/** r ‖ s ‖ v by RFC 6979, with the key of this name. */
export const signAs = async (name: string, digest: Uint8Array): Promise<Uint8Array> =>
  hexToBytes(await sign({ hash: bytesToHex(digest), privateKey: bytesToHex(privateKey(name)), to: 'hex' }));

export const START_TIME_MS = 1_700_000_000_000;
export const CHAIN_IDS = [84001, 84002, 84003] as const;
export const ETH = new Uint8Array(20).fill(0xee);
export const USD = new Uint8Array(20).fill(0x05);

const rollup = (chainId: number): Rollup => ({
  chainId,
  name: utf8.encode(`rollup ${chainId}`),
  votingKey: addressOf(`voting ${chainId}`),
  replicaKeys: [addressOf(`replica ${chainId}`)],
  paused: false,
  quarantined: false,
});

/** An American call, cash-settled, with a rollup for each role. */
export const CALL_TERMS: SeriesTerms = {
  underlying: ETH,
  quote: USD,
  strike: 2_500_000_000n,
  expiryMs: START_TIME_MS + 86_400_000,
  exerciseWindowMs: 0,
  isPut: false,
  isEuropean: false,
  isPhysical: false,
  positionChainId: CHAIN_IDS[0],
  exposureChainId: CHAIN_IDS[0],
  collateralChainId: CHAIN_IDS[1],
  settlementChainId: CHAIN_IDS[2],
};

/** A European put, physically settled, on one rollup. */
export const PUT_TERMS: SeriesTerms = {
  ...CALL_TERMS,
  strike: 2_000_000_000n,
  exerciseWindowMs: 3_600_000,
  isPut: true,
  isEuropean: true,
  isPhysical: true,
  exposureChainId: CHAIN_IDS[0],
  collateralChainId: CHAIN_IDS[0],
  settlementChainId: CHAIN_IDS[0],
};

export const registry = (): Registry => ({
  protocolVersion: 1,
  changeCount: 0,
  registryKey: addressOf('registry'),
  sequencerKeys: [addressOf('sequencer')],
  rollups: CHAIN_IDS.map(rollup),
  assets: [
    { address: ETH, symbol: utf8.encode('ETH'), decimals: 18 },
    { address: USD, symbol: utf8.encode('USD'), decimals: 6 },
  ],
  pools: [{ address: addressOf('pool'), operator: addressOf('operator'), name: utf8.encode('first pool') }],
  markets: [{ underlying: ETH, quote: USD, priceKey: addressOf('price') }],
  series: [{ terms: CALL_TERMS, delisted: false }],
});

export const genesis = (): Genesis => ({
  version: 1,
  registry: registry(),
  balances: [
    { chainId: CHAIN_IDS[1], owner: addressOf('pool'), asset: ETH, amount: 10n ** 21n },
    { chainId: CHAIN_IDS[2], owner: addressOf('holder'), asset: USD, amount: 2n ** 200n },
  ],
  nativeAsset: ETH,
  feeAccount: new Uint8Array(20).fill(0xfe),
  prepareMsMax: 10_000,
  randomness: named('randomness'),
  startTimeMs: START_TIME_MS,
});

const SERIES = seriesId(CALL_TERMS);
const DEADLINE_MS = BigInt(START_TIME_MS + 60_000);

export const EXERCISE: Intent = {
  selector: OperationKind.exercise,
  value: {
    series: SERIES,
    holder: addressOf('holder'),
    backer: addressOf('pool'),
    quantity: 1_500_000_000_000_000_000n,
    minPriceRound: 7n,
    maxPriceAgeMs: 5_000n,
    deadlineMs: DEADLINE_MS,
    nonce: 1n,
  },
};

export const WRITE: Intent = {
  selector: OperationKind.write,
  value: {
    series: SERIES,
    writer: addressOf('writer'),
    backer: addressOf('pool'),
    buyer: addressOf('holder'),
    quantity: 3_000_000_000_000_000_000n,
    premium: 120_000_000n,
    deadlineMs: DEADLINE_MS,
    nonce: 2n,
  },
};

export const CLOSE: Intent = {
  selector: OperationKind.close,
  value: {
    series: SERIES,
    holder: addressOf('holder'),
    backer: addressOf('pool'),
    quantity: 1n,
    payment: 2n ** 255n,
    deadlineMs: DEADLINE_MS,
    nonce: 2n ** 256n - 1n,
  },
};
