import { pbkdf2Sync } from 'node:crypto';
import { HDKey } from 'viem/accounts';
import { CryptoError } from './error.js';

/**
 * The private key of a wallet's account: BIP-39 without a passphrase, path m/44'/60'/0'/0/index (BIP-44, SLIP-44).
 * The words' checksum is not checked.
 *
 * @throws {CryptoError} `MNEMONIC_INVALID` for another number of words than 12, 15, 18, 21 or 24.
 */
export function privateKeyFromMnemonic(mnemonic: string, index: number): Uint8Array {
  const words = mnemonic.normalize('NFKD').trim().split(/\s+/);
  if (![12, 15, 18, 21, 24].includes(words.length)) {
    throw new CryptoError(
      { code: 'MNEMONIC_INVALID', words: words.length },
      `a mnemonic of ${words.length} words is none`,
      'Give 12, 15, 18, 21 or 24 words.',
    );
  }
  // Node's PBKDF2 takes 1 ms; the one in JavaScript behind viem's mnemonicToAccount fifty times that.
  const seed = pbkdf2Sync(words.join(' '), 'mnemonic', 2048, 64, 'sha512');
  const { privateKey } = HDKey.fromMasterSeed(seed).derive(`m/44'/60'/0'/0/${index}`);
  if (privateKey === null) throw new Error(`account ${index} of the mnemonic has no private key`);
  return Uint8Array.from(privateKey);
}
