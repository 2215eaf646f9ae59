import type { DigestSigner } from '#libs/crypto';
import {
  AdminCommand,
  type AdminCommandName,
  commitmentDigest,
  RegistryChange,
  SignedAdminCommand,
  SignedRegistryChange,
} from '#libs/protocol';

const NO_ARGUMENT = new Uint8Array(0);

/** Signs a change of the registry: SSZ of a `SignedRegistryChange`. Its nonce is the registry's `changeCount`. */
export function signRegistryChange(logId: Uint8Array, signer: DigestSigner, change: RegistryChange): Uint8Array {
  const digest = commitmentDigest(logId, 'registry', RegistryChange.hashTreeRoot(change));
  return SignedRegistryChange.serialize({ change, signature: signer.sign(digest) });
}

/**
 * Signs a command that changes no registry: SSZ of a `SignedAdminCommand`. Sent within a minute it counts once.
 * @param argument `operation.abort`: the operation's id
 */
export function signAdminCommand(
  logId: Uint8Array,
  signer: DigestSigner,
  name: AdminCommandName,
  argument: Uint8Array = NO_ARGUMENT,
): Uint8Array {
  const nonce = crypto.getRandomValues(new Uint8Array(32));
  const command = { command: new TextEncoder().encode(name), argument, issuedAtMs: Date.now(), nonce };
  const digest = commitmentDigest(logId, 'admin', AdminCommand.hashTreeRoot(command));
  return SignedAdminCommand.serialize({ command, signature: signer.sign(digest) });
}
