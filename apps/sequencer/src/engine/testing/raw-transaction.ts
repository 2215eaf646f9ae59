import { bytesToHex, hexToBytes } from '#libs/protocol';
import type { RecoveryRecord } from '#libs/crypto';
import { serializeTransaction } from 'viem';
import { A, address } from './world.js';

export interface RawTransaction {
  nonce: number | bigint;
  /** Byte of the sender's address; 0 stands for a signature that recovers to nobody. */
  sender?: number;
  chainId?: number;
  gas?: bigint;
  value?: bigint;
}

/** Serialised transfer whose signature names its sender; {@link recoverSenders} takes it back out. */
export function rawTransaction({
  nonce,
  sender = 1,
  chainId = A,
  gas = 21_000n,
  value = 0n,
}: RawTransaction): Uint8Array {
  const to = bytesToHex(address(9));
  const r = `0x${sender === 0 ? '01' : '00'}${bytesToHex(address(sender || 0x11)).slice(2)}` as const;
  const fees = { maxFeePerGas: 1n, maxPriorityFeePerGas: 1n };
  const fields = { type: 'eip1559', chainId, nonce: nonce as number, to, gas, value, ...fees } as const;
  return hexToBytes(serializeTransaction(fields, { r, s: '0x01', yParity: 0 }));
}

/** The senders that the signatures name. */
export const recoverSenders = (records: readonly RecoveryRecord[]): (Uint8Array | null)[] =>
  records.map(({ signature }) => (signature[11] === 1 ? null : signature.slice(12, 32)));
