import fc from 'fast-check';
import { hashTypedData, type Hex } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { describe, expect, it } from 'vitest';
import { bytesToHex, equalBytes } from './bytes.js';
import { CHAIN_ID_MAX } from './constants.js';
import { commitmentDigest, type CommitmentKind, EIP712_TYPES, intentDigest } from './eip712.js';
import { type Intent, OperationKind } from './operation.js';
import { bytes32, closeIntent, exerciseIntent, intent, uint64, uint256, writeIntent } from './testing/arbitraries.js';

const KINDS: CommitmentKind[] = ['header', 'vote', 'root', 'price', 'registry'];
const kind = fc.constantFrom(...KINDS);
const chainId = fc.integer({ min: 1, max: CHAIN_ID_MAX });

const PRIMARY_TYPES = {
  [OperationKind.exercise]: 'ExerciseIntent',
  [OperationKind.write]: 'WriteIntent',
  [OperationKind.close]: 'CloseIntent',
} as const;

/** An intent's fields as a wallet takes them: bytes as hex. */
function walletMessage({ value }: Intent): Record<string, Hex | bigint> {
  const fields = Object.entries<Uint8Array | bigint>({ ...value });
  return Object.fromEntries(
    fields.map(([name, field]) => [name, field instanceof Uint8Array ? bytesToHex(field) : field]),
  );
}

function viemIntentDigest(logId: Uint8Array, chain: number, value: Intent): Hex {
  return hashTypedData({
    domain: { name: 'Lockstep', version: '1', chainId: chain, salt: bytesToHex(logId) },
    types: EIP712_TYPES,
    primaryType: PRIMARY_TYPES[value.selector],
    message: walletMessage(value) as never,
  });
}

describe('commitmentDigest', () => {
  it("equals viem's digest in a domain of name, version and salt, without a chain id", () => {
    fc.assert(
      fc.property(bytes32, kind, bytes32, (logId, name, root) => {
        const expected = hashTypedData({
          domain: { name: 'Lockstep', version: '1', salt: bytesToHex(logId) },
          types: EIP712_TYPES,
          primaryType: 'Commitment',
          message: { kind: name, root: bytesToHex(root) },
        });
        expect(bytesToHex(commitmentDigest(logId, name, root))).toBe(expected);
      }),
    );
  });

  it('is another for each log, kind and root, so a signature is valid for one of them', () => {
    fc.assert(
      fc.property(bytes32, bytes32, bytes32, bytes32, (logId, otherLog, root, otherRoot) => {
        fc.pre(!equalBytes(logId, otherLog) && !equalBytes(root, otherRoot));
        const digests = KINDS.flatMap((name) =>
          [logId, otherLog].flatMap((log) => [root, otherRoot].map((one) => commitmentDigest(log, name, one))),
        );
        expect(new Set(digests.map(bytesToHex)).size).toBe(KINDS.length * 4);
      }),
    );
  });
});

describe('intentDigest', () => {
  it.each([
    ['ExerciseIntent', exerciseIntent],
    ['WriteIntent', writeIntent],
    ['CloseIntent', closeIntent],
  ])("equals viem's digest of %s in a domain of name, version, chain id and salt", (_, arbitrary) => {
    fc.assert(
      fc.property(bytes32, chainId, arbitrary, (logId, chain, value) => {
        expect(bytesToHex(intentDigest(logId, chain, value))).toBe(viemIntentDigest(logId, chain, value));
      }),
    );
  });

  it('is what a wallet signs', async () => {
    const account = privateKeyToAccount(`0x${'11'.repeat(32)}`);
    await fc.assert(
      fc.asyncProperty(bytes32, chainId, exerciseIntent, async (logId, chain, value) => {
        const signed = await account.signTypedData({
          domain: { name: 'Lockstep', version: '1', chainId: chain, salt: bytesToHex(logId) },
          types: EIP712_TYPES,
          primaryType: 'ExerciseIntent',
          message: walletMessage(value) as never,
        });
        expect(await account.sign({ hash: bytesToHex(intentDigest(logId, chain, value)) })).toBe(signed);
      }),
      { numRuns: 10 },
    );
  });

  it('is another for each log, chain and kind, and for each field that changes', () => {
    fc.assert(
      fc.property(bytes32, bytes32, chainId, chainId, intent, (logId, otherLog, chain, otherChain, value) => {
        fc.pre(!equalBytes(logId, otherLog) && chain !== otherChain);
        const changed = Object.entries<Uint8Array | bigint>({ ...value.value }).map(([name, field]) => {
          const other =
            field instanceof Uint8Array ? field.map((byte, at) => (at === 0 ? byte ^ 1 : byte)) : field ^ 1n;
          return { ...value, value: { ...value.value, [name]: other } } as Intent;
        });
        const digests = [
          intentDigest(logId, chain, value),
          intentDigest(otherLog, chain, value),
          intentDigest(logId, otherChain, value),
          ...changed.map((one) => intentDigest(logId, chain, one)),
        ];
        expect(new Set(digests.map(bytesToHex)).size).toBe(digests.length);
      }),
    );
  });

  it('tells a close from an exercise with the same words', () => {
    fc.assert(
      fc.property(bytes32, closeIntent, (logId, close) => {
        const { series, holder, backer, quantity, deadlineMs, nonce } = close.value as typeof close.value & {
          holder: Uint8Array;
        };
        const exercise: Intent = {
          selector: OperationKind.exercise,
          value: { series, holder, backer, quantity, minPriceRound: 0n, maxPriceAgeMs: 0n, deadlineMs, nonce },
        };
        expect(intentDigest(logId, 1, exercise)).not.toEqual(intentDigest(logId, 1, close));
      }),
    );
  });

  it('refuses numbers that an entry could not carry', () => {
    const [value] = fc.sample(exerciseIntent, { numRuns: 1, seed: 1 }) as [Intent];
    const withField = (name: string, number: bigint): Intent =>
      ({ ...value, value: { ...value.value, [name]: number } }) as Intent;
    const digest = (changed: Intent) => () => intentDigest(new Uint8Array(32), 1, changed);
    for (const name of ['minPriceRound', 'maxPriceAgeMs', 'deadlineMs']) {
      expect(digest(withField(name, 2n ** 64n)), name).toThrow(RangeError);
      expect(digest(withField(name, -1n)), name).toThrow(RangeError);
      fc.assert(fc.property(uint64, (number) => digest(withField(name, number))().length === 32));
    }
    for (const name of ['quantity', 'nonce']) {
      expect(digest(withField(name, 2n ** 256n)), name).toThrow(RangeError);
      expect(digest(withField(name, -1n)), name).toThrow(RangeError);
      fc.assert(fc.property(uint256, (number) => digest(withField(name, number))().length === 32));
    }
  });
});
