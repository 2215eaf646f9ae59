import { addressOfPrivateKey, signDigest } from './sign.js';

/** What signs for one address, wherever its key is. */
export interface DigestSigner {
  /** 20 bytes. */
  readonly address: Uint8Array;
  /** Signs a 32-byte digest: r ‖ s ‖ v, 65 bytes, s low, v 27 or 28. */
  sign(digest: Uint8Array): Uint8Array;
}

/** Signs with a private key in memory. The key is in no property that a log or JSON would show. */
export class LocalSigner implements DigestSigner {
  readonly address: Uint8Array;
  readonly #privateKey: Uint8Array;

  /** @throws {CryptoError} `PRIVATE_KEY_INVALID`. */
  constructor(privateKey: Uint8Array) {
    this.address = addressOfPrivateKey(privateKey);
    this.#privateKey = privateKey.slice();
  }

  sign(digest: Uint8Array): Uint8Array {
    return signDigest(digest, this.#privateKey);
  }
}
