import type { DigestSigner } from '#libs/crypto';
import type { Cursor } from '#libs/executor-sdk';
import { bytesToHex, equalBytes, findRollup } from '#libs/protocol';
import { ExecutorError } from '../errors.js';
import type { ExecutorOptions } from './executor.js';

/** Makes sure that the registry gives this role on this rollup to this key. @throws ExecutorError `KEY_NOT_REGISTERED` */
export function assertKey({ registry }: Cursor, { chainId, role }: ExecutorOptions, { address }: DigestSigner): void {
  const rollup = findRollup(registry, chainId);
  const keys = role === 'voting' ? rollup && [rollup.votingKey] : rollup?.replicaKeys;
  if (keys?.some((key) => equalBytes(key, address))) return;
  const key = bytesToHex(address);
  throw new ExecutorError(
    { code: 'KEY_NOT_REGISTERED', role, key },
    `The key of ${key} is no ${role} key of rollup ${chainId}; the registry has ${keys?.map(bytesToHex).join(', ') || 'none'}.`,
    'Set EXECUTOR_KEY to the key of the registry, or EXECUTOR_ROLE to what the key is for.',
  );
}
