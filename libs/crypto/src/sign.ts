import { equalBytes, keccak256 } from '#libs/protocol';
import secp256k1 from 'secp256k1';
import { CryptoError } from './error.js';

/**
 * Signs a 32-byte digest by RFC 6979. Returns r ‖ s ‖ v, 65 bytes, with s low (EIP-2) and v 27 or 28.
 *
 * @throws {CryptoError} `PRIVATE_KEY_INVALID`.
 */
export function signDigest(digest: Uint8Array, privateKey: Uint8Array): Uint8Array {
  assertPrivateKey(privateKey);
  const { signature, recid } = secp256k1.ecdsaSign(digest, privateKey);
  // 2 and 3 mean r + n, which no one has ever met; v has no place for it.
  if (recid > 1) throw new Error(`recovery id ${recid} of a signature cannot be written as v`);
  const signature65 = new Uint8Array(65);
  signature65.set(signature);
  signature65[64] = 27 + recid;
  return signature65;
}

/**
 * The address (20 bytes) that signed a 32-byte digest, or null if `signature` is not r ‖ s ‖ v of 65 bytes with v 27, 28,
 * 0 or 1, has a zero, an r out of range or a high s (EIP-2), or has no signer.
 */
export function recoverAddress(digest: Uint8Array, signature: Uint8Array): Uint8Array | null {
  if (digest.length !== 32 || signature.length !== 65) return null;
  const v = signature[64]!;
  const recoveryId = v >= 27 ? v - 27 : v;
  if (recoveryId > 1) return null;
  const compact = signature.slice(0, 64);
  try {
    // Parses r and s, and throws if one is n or more; changes s if it is high.
    if (!equalBytes(secp256k1.signatureNormalize(compact), signature.subarray(0, 64))) return null;
    return addressOfPublicKey(secp256k1.ecdsaRecover(compact, recoveryId, digest, false));
  } catch {
    return null;
  }
}

/** The address (20 bytes) of a private key (32 bytes). @throws {CryptoError} `PRIVATE_KEY_INVALID`. */
export function addressOfPrivateKey(privateKey: Uint8Array): Uint8Array {
  assertPrivateKey(privateKey);
  return addressOfPublicKey(secp256k1.publicKeyCreate(privateKey, false));
}

/** The last 20 bytes of the keccak of an uncompressed public key without its first byte (Yellow Paper, appendix F). */
function addressOfPublicKey(publicKey: Uint8Array): Uint8Array {
  return keccak256(publicKey.subarray(1)).slice(12);
}

function assertPrivateKey(privateKey: Uint8Array): void {
  if (privateKey.length === 32 && secp256k1.privateKeyVerify(privateKey)) return;
  throw new CryptoError(
    { code: 'PRIVATE_KEY_INVALID' },
    `a private key of ${privateKey.length} bytes is not a number from 1 to the curve's order`,
    'Use 32 bytes made by a wallet.',
  );
}
