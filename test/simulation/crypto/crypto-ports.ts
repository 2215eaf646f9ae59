import type { RecoverAddress } from '#libs/atomic-commit';
import { type DigestSigner, LocalSigner, recoverAddress, type RecoveryRecord } from '#libs/crypto';
import type { LedgerPorts } from '#libs/options';
import { equalBytes, type Hashing } from '#libs/protocol';
import { cheapHash, cheapHashing } from './cheap-hash.js';
import { CheapStateHasher } from './cheap-state-hasher.js';

/** Signing and hashing, which a simulation does cheaply or as in production. */
export interface CryptoPorts {
  readonly isReal: boolean;
  /** In place of keccak and SSZ roots; null for the real ones. */
  readonly hashing: Hashing | null;
  readonly ledger: LedgerPorts;
  readonly recover: RecoverAddress;
  /** The key with a number: always the same one. */
  signer(key: number): DigestSigner;
  /** The sender of a transaction; null where nobody signed. */
  senderOf(record: RecoveryRecord): Uint8Array | null;
  /** r and s, 32 bytes each, and the parity of a transaction's signature. */
  signTransaction(signer: DigestSigner, signingHash: Uint8Array): { r: Uint8Array; s: Uint8Array; yParity: 0 | 1 };
}

function privateKey(key: number): Uint8Array {
  const bytes = new Uint8Array(32).fill(0x11);
  bytes[30] = key >>> 8;
  bytes[31] = key;
  return bytes;
}

/** secp256k1, keccak and SSZ's SHA-256, as in production. */
export const realCrypto: CryptoPorts = {
  isReal: true,
  hashing: null,
  ledger: { recover: recoverAddress },
  recover: recoverAddress,
  signer: (key) => new LocalSigner(privateKey(key)),
  senderOf: ({ signingHash, signature, recoveryId }) => {
    const whole = new Uint8Array(65);
    whole.set(signature);
    whole[64] = 27 + recoveryId;
    return recoverAddress(signingHash, whole);
  },
  signTransaction: (signer, signingHash) => {
    const signature = signer.sign(signingHash);
    const yParity = signature[64] === 28 ? 1 : 0;
    return { r: signature.slice(0, 32), s: signature.slice(32, 64), yParity };
  },
};

/** A signature names its signer and what was signed, and is taken where both are so. */
const cheapRecover: RecoverAddress = (digest, signature) =>
  signature.length === 65 && equalBytes(signature.subarray(20, 52), digest) ? signature.slice(0, 20) : null;

const ONE = Uint8Array.from({ length: 32 }, (_, index) => (index === 31 ? 1 : 0));

/** Signatures are cut from this: 65 bytes are one too many for V8 to keep them on its heap. */
let slab = new Uint8Array(0);

function newSignature(): Uint8Array {
  if (slab.length < 65) slab = new Uint8Array(65 * 1_024);
  const signature = slab.subarray(0, 65);
  slab = slab.subarray(65);
  return signature;
}

/** Stand-ins that cost next to nothing and tell the same things apart. */
export const cheapCrypto: CryptoPorts = {
  isReal: false,
  hashing: cheapHashing,
  ledger: { recover: cheapRecover, stateHasher: () => new CheapStateHasher() },
  recover: cheapRecover,
  signer: (key) => {
    const address = cheapHash([Uint8Array.of(key, key >>> 8)]).slice(0, 20);
    return {
      address,
      sign(digest) {
        const signature = newSignature();
        signature.set(address);
        signature.set(digest, 20);
        return signature;
      },
    };
  },
  senderOf: ({ signature }) => signature.slice(12, 32),
  signTransaction: ({ address }) => {
    const r = new Uint8Array(32);
    r.set(address, 12);
    return { r, s: ONE, yParity: 0 };
  },
};
