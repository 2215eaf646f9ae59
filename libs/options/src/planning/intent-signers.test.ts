import { EIP712_TYPES, hexToBytes, intentDigest, type OperationKind } from '#libs/protocol';
import { recoverAddress } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { describe, expect, it } from 'vitest';
import {
  ALICE,
  BOB,
  CHAINS,
  hexOf,
  makeGenesis,
  Network,
  OPERATOR,
  POOL,
  stubRecover,
  stubSign,
  terms,
} from '../testing/network.js';
import { checkIntentSignatures, requiredSigners } from './intent-signers.js';

const network = new Network();
const { registry } = makeGenesis();
const signersOf = (intent: Parameters<typeof requiredSigners>[0]) => requiredSigners(intent, registry).map(hexOf);
const shown = (...addresses: Uint8Array[]) => addresses.map(hexOf);

describe('the signers of an intent', () => {
  it('are holder, writer and buyer, with the operator where a pool backs', () => {
    expect(signersOf(network.exerciseIntent(terms(), 1n))).toEqual(shown(BOB));
    expect(signersOf(network.exerciseIntent(terms(), 1n, { backer: POOL }))).toEqual(shown(BOB));
    expect(signersOf(network.writeIntent(terms(), 1n))).toEqual(shown(ALICE, BOB));
    expect(signersOf(network.writeIntent(terms(), 1n, { backer: POOL }))).toEqual(shown(ALICE, BOB, OPERATOR));
    expect(signersOf(network.closeIntent(terms(), 1n))).toEqual(shown(BOB, ALICE));
    expect(signersOf(network.closeIntent(terms(), 1n, { backer: POOL }))).toEqual(shown(BOB, OPERATOR));
  });

  it('sign once where one address has two roles', () => {
    expect(signersOf(network.writeIntent(terms(), 1n, { buyer: ALICE }))).toEqual(shown(ALICE));
    expect(signersOf(network.writeIntent(terms(), 1n, { writer: OPERATOR, backer: POOL }))).toEqual(
      shown(OPERATOR, BOB),
    );
    expect(signersOf(network.closeIntent(terms(), 1n, { holder: ALICE }))).toEqual(shown(ALICE));
  });
});

describe('the signatures of an intent', () => {
  const intent = network.writeIntent(terms(), 1n, { backer: POOL });
  const digest = intentDigest(network.logId, CHAINS.position, intent);
  const good = [ALICE, BOB, OPERATOR].map((signer) => stubSign(signer, digest));
  const check = (signatures: Uint8Array[], of = intent, logId = network.logId) =>
    checkIntentSignatures(of, signatures, registry, logId, stubRecover);

  it('are good in the order of the signers alone; else the field at fault is named', () => {
    expect(check(good)).toBeNull();
    expect(check([good[0]!, good[2]!, good[1]!])).toBe('buyer');
    expect(check([good[1]!, good[1]!, good[2]!])).toBe('writer');
    expect(check([good[0]!, good[1]!, stubSign(POOL, digest)])).toBe('backer');
    expect(check(good.slice(0, 2))).toBe('signatures');
    expect(check([...good, good[0]!])).toBe('signatures');
    expect(check(good, network.writeIntent(terms({ strike: 1n }), 1n))).toBe('series');
  });

  it('are bad for any other intent, log or rollup (security 2)', () => {
    const { selector, value } = intent as Extract<typeof intent, { selector: OperationKind.write }>;
    expect(check(good, { selector, value: { ...value, quantity: 2n } })).toBe('writer');
    expect(check(good, intent, new Uint8Array(32).fill(9))).toBe('writer');
    const elsewhere = intentDigest(network.logId, CHAINS.exposure, intent);
    expect(check([ALICE, BOB, OPERATOR].map((signer) => stubSign(signer, elsewhere)))).toBe('writer');
  });

  it('of a wallet (viem, EIP-712) are recovered from the same digest', async () => {
    const account = privateKeyToAccount(generatePrivateKey());
    const holder = hexToBytes(account.address);
    const exercise = network.exerciseIntent(terms(), 5n, { holder });
    const signature = await account.signTypedData({
      domain: { name: 'Lockstep', version: '1', chainId: CHAINS.position, salt: hexOf(network.logId) },
      types: { ExerciseIntent: EIP712_TYPES.ExerciseIntent },
      primaryType: 'ExerciseIntent',
      message: {
        ...exercise.value,
        series: hexOf(exercise.value.series),
        holder: account.address,
        backer: hexOf(ALICE),
        minPriceRound: 0n,
        maxPriceAgeMs: 2n ** 40n,
      },
    });
    const signed = intentDigest(network.logId, CHAINS.position, exercise);
    const recovered = hexToBytes(await recoverAddress({ hash: hexOf(signed), signature }));
    const recover = (asked: Uint8Array) => (hexOf(asked) === hexOf(signed) ? recovered : null);
    expect(checkIntentSignatures(exercise, [hexToBytes(signature)], registry, network.logId, recover)).toBeNull();
  });
});
