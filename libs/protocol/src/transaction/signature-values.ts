import { bytesToBigIntBE, hexToBytes } from '../bytes.js';
import { TransactionDecodeError, TransactionErrorCode } from './error.js';

/** The order n of secp256k1 (SEC 2, section 2.4.1). */
const CURVE_ORDER = hexToBytes('0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141');

/** The largest s that is not high: n / 2 rounded down (EIP-2). */
const LOW_S_MAX = hexToBytes('0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0');

const ZERO = new Uint8Array(32);

/** Refuses r outside 1..n-1 and s outside 1..n/2 (EIP-2); `signature` is r ‖ s of 32 bytes each. */
export function checkSignatureValues(signature: Uint8Array): void {
  if (compareWord(signature, 0, ZERO) === 0 || compareWord(signature, 0, CURVE_ORDER) >= 0) {
    refuseSignatureValue('r', bytesToBigIntBE(signature, 0, 32));
  }
  if (compareWord(signature, 32, ZERO) === 0 || compareWord(signature, 32, LOW_S_MAX) > 0) {
    refuseSignatureValue('s', bytesToBigIntBE(signature, 32, 64));
  }
}

/** Throws the error for a signature value out of range. */
export function refuseSignatureValue(field: 'v' | 'r' | 's', value: bigint): never {
  throw new TransactionDecodeError({ code: TransactionErrorCode.SIGNATURE_VALUES, field, value });
}

function compareWord(bytes: Uint8Array, offset: number, word: Uint8Array): number {
  for (let index = 0; index < 32; index++) {
    const difference = bytes[offset + index]! - word[index]!;
    if (difference !== 0) return difference;
  }
  return 0;
}
