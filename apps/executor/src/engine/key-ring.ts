import type { DigestSigner } from '#libs/crypto';
import { bytesToHex, equalBytes, findRollup, type Registry } from '#libs/protocol';
import { ExecutorError } from '../errors.js';
import type { ExecutorRole } from './executor.js';

/**
 * The keys that an executor holds: one, and a second one while it is rotated. What it signs about a block, it signs with
 * the key that the registry in force in that block lists for its role: a vote counts under the key of PREPARE's block,
 * a root under a key of the height that it speaks of, whatever has changed since (I32).
 */
export class KeyRing {
  constructor(
    private readonly chainId: number,
    private readonly role: ExecutorRole,
    readonly signers: readonly [DigestSigner, ...DigestSigner[]],
  ) {}

  /** The key to sign with for a block. @param registry in force in it; null where it lists none of ours */
  inForce(registry: Registry): DigestSigner | null {
    const listed = this.listed(registry);
    return this.signers.find(({ address }) => listed.some((key) => equalBytes(key, address))) ?? null;
  }

  /** What to tell an operator where the registry lists none of our keys. */
  missing(registry: Registry): ExecutorError {
    const { chainId, role } = this;
    const key = this.signers.map(({ address }) => bytesToHex(address)).join(', ');
    const listed = this.listed(registry).map((address) => bytesToHex(address));
    return new ExecutorError(
      { code: 'KEY_NOT_REGISTERED', role, key },
      `The key of ${key} is no ${role} key of rollup ${chainId}; the registry has ${listed.join(', ') || 'none'}.`,
      'Set EXECUTOR_KEY to the key of the registry, or EXECUTOR_ROLE to what the key is for; a key that was rotated out is of no use any more.',
    );
  }

  private listed(registry: Registry): readonly Uint8Array[] {
    const rollup = findRollup(registry, this.chainId);
    if (!rollup) return [];
    return this.role === 'voting' ? [rollup.votingKey] : rollup.replicaKeys;
  }
}
