import fc from 'fast-check';
import { bytesToBigIntBE, bytesToHex, bigIntToBytesBE, hexToBytes } from '#libs/protocol';
import { recoverAddress as viemRecoverAddress, toHex } from 'viem';
import { mnemonicToAccount, privateKeyToAccount } from 'viem/accounts';
import { describe, expect, it } from 'vitest';
import { LocalSigner } from './local-signer.js';
import { privateKeyFromMnemonic } from './mnemonic.js';
import { assertNativeSecp256k1 } from './native-secp256k1.js';
import { addressOfPrivateKey, recoverAddress, signDigest } from './sign.js';

const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const MNEMONIC = 'test test test test test test test test test test test junk';

const digests = fc.uint8Array({ minLength: 32, maxLength: 32 });
const privateKeys = fc.bigInt(1n, CURVE_ORDER - 1n).map((key) => bigIntToBytesBE(key, 32));

/** The same signature with s replaced by n - s and the recovery id flipped: valid, but high. */
function withHighS(signature: Uint8Array): Uint8Array {
  const high = signature.slice();
  high.set(bigIntToBytesBE(CURVE_ORDER - bytesToBigIntBE(signature, 32, 64), 32), 32);
  high[64] = signature[64] === 27 ? 28 : 27;
  return high;
}

describe('signDigest', () => {
  it('gives the bytes that viem gives for the same key and digest', async () => {
    await fc.assert(
      fc.asyncProperty(digests, privateKeys, async (digest, privateKey) => {
        const account = privateKeyToAccount(toHex(privateKey));
        expect(bytesToHex(signDigest(digest, privateKey))).toBe(await account.sign({ hash: toHex(digest) }));
        expect(bytesToHex(addressOfPrivateKey(privateKey))).toBe(account.address.toLowerCase());
      }),
      { numRuns: 30 },
    );
  });

  it('refuses a private key that is zero, the curve order, or of another length', () => {
    for (const key of [new Uint8Array(32), bigIntToBytesBE(CURVE_ORDER, 32), new Uint8Array(31).fill(1)]) {
      expect(() => signDigest(new Uint8Array(32), key)).toThrow(
        expect.objectContaining({ code: 'PRIVATE_KEY_INVALID' }),
      );
      expect(() => new LocalSigner(key)).toThrow();
    }
  });
});

describe('recoverAddress', () => {
  it('finds the signer, with v written either way', () => {
    fc.assert(
      fc.property(digests, privateKeys, (digest, privateKey) => {
        const signer = new LocalSigner(privateKey);
        const signature = signer.sign(digest);
        expect(recoverAddress(digest, signature)).toEqual(signer.address);
        signature[64]! -= 27;
        expect(recoverAddress(digest, signature)).toEqual(signer.address);
      }),
    );
  });

  it('agrees with viem for any r and low s, also where there is no signer', async () => {
    await fc.assert(
      fc.asyncProperty(
        digests,
        digests,
        fc.bigInt(1n, CURVE_ORDER / 2n),
        fc.constantFrom(27, 28),
        async (digest, r, s, v) => {
          const signature = Uint8Array.of(...r, ...bigIntToBytesBE(s, 32), v);
          const expected = await viemRecoverAddress({ hash: toHex(digest), signature: toHex(signature) }).catch(
            () => null,
          );
          const recovered = recoverAddress(digest, signature);
          expect(recovered && bytesToHex(recovered)).toBe(expected && expected.toLowerCase());
        },
      ),
      { numRuns: 50 },
    );
  });

  it('refuses a high s (EIP-2), zeros, values from n on, a wrong v and wrong lengths', () => {
    const digest = new Uint8Array(32).fill(7);
    const signature = new LocalSigner(new Uint8Array(32).fill(1)).sign(digest);
    const changed = (offset: number, bytes: Uint8Array) => {
      const copy = signature.slice();
      copy.set(bytes, offset);
      return copy;
    };
    const order = bigIntToBytesBE(CURVE_ORDER, 32);
    const refused = [
      withHighS(signature),
      changed(0, new Uint8Array(32)),
      changed(32, new Uint8Array(32)),
      changed(0, order),
      changed(32, order),
      ...[2, 3, 26, 29, 30, 255].map((v) => changed(64, Uint8Array.of(v))),
      signature.subarray(0, 64),
    ];
    for (const bytes of refused) expect(recoverAddress(digest, bytes), bytesToHex(bytes)).toBeNull();
    expect(recoverAddress(digest.subarray(1), signature)).toBeNull();
  });

  it('leaves the signature that it was given unchanged', () => {
    const signature = withHighS(new LocalSigner(new Uint8Array(32).fill(1)).sign(new Uint8Array(32)));
    const kept = bytesToHex(signature);
    recoverAddress(new Uint8Array(32), signature);
    expect(bytesToHex(signature)).toBe(kept);
  });
});

describe('privateKeyFromMnemonic', () => {
  it('gives the well-known development accounts', () => {
    for (const index of [0, 1, 9]) {
      const { address } = mnemonicToAccount(MNEMONIC, { addressIndex: index });
      const key = privateKeyFromMnemonic(MNEMONIC, index);
      expect(bytesToHex(addressOfPrivateKey(key))).toBe(address.toLowerCase());
    }
    expect(privateKeyFromMnemonic(MNEMONIC, 0)).toEqual(
      hexToBytes('0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'),
    );
  });

  it('refuses a number of words that no mnemonic has', () => {
    expect(() => privateKeyFromMnemonic('test test junk', 0)).toThrow(
      expect.objectContaining({ code: 'MNEMONIC_INVALID' }),
    );
  });
});

describe('LocalSigner', () => {
  it('does not show its key', () => {
    const signer = new LocalSigner(new Uint8Array(32).fill(0xab));
    expect(JSON.stringify(signer)).not.toContain('171');
    expect(Object.keys(signer)).toEqual(['address']);
  });
});

describe('assertNativeSecp256k1', () => {
  it('passes here, where the native build is installed', () => {
    expect(() => assertNativeSecp256k1()).not.toThrow();
  });

  it('fails where the package fell back to JavaScript, and says what to do', () => {
    const fallback = {};
    const withoutNative = (id: string) => {
      if (id === 'secp256k1') return fallback;
      throw new Error('No native build was found');
    };
    expect(() => assertNativeSecp256k1(withoutNative)).toThrow(
      expect.objectContaining({
        code: 'NATIVE_SECP256K1_MISSING',
        advice: expect.stringContaining('npm rebuild secp256k1') as string,
      }),
    );
  });
});
