import type { DigestSigner } from '#libs/crypto';
import { bytesToHex, hexToBytes, keccak256 } from '#libs/protocol';
import { serializeTransaction } from 'viem';
import type { CryptoPorts } from '../crypto/crypto-ports.js';

export interface Transfer {
  chainId: number;
  sender: DigestSigner;
  nonce: number;
  to: Uint8Array;
  value: bigint;
}

const made = new Map<string, Uint8Array>();

/** A signed transfer of the native asset. Each is made once: encoding one costs more than the rest of its life. */
export function rawTransaction(crypto: CryptoPorts, { chainId, sender, nonce, to, value }: Transfer): Uint8Array {
  const key = `${crypto.isReal} ${chainId} ${bytesToHex(sender.address)} ${nonce} ${bytesToHex(to)} ${value}`;
  const known = made.get(key);
  if (known) return known;
  const fees = { gas: 21_000n, maxFeePerGas: 1n, maxPriorityFeePerGas: 1n };
  const fields = { type: 'eip1559', chainId, nonce, to: bytesToHex(to), value, ...fees } as const;
  const signingHash = keccak256(hexToBytes(serializeTransaction(fields)));
  const { r, s, yParity } = crypto.signTransaction(sender, signingHash);
  const raw = hexToBytes(serializeTransaction(fields, { r: bytesToHex(r), s: bytesToHex(s), yParity }));
  made.set(key, raw);
  return raw;
}
