import { ByteListType } from '@chainsafe/ssz';
import { ContainerType } from './ssz/container.js';
import { Bytes32, Signature, text, Uint53, type ValueOf } from './ssz/primitives.js';

/** What an operator can tell the sequencers besides changes of the registry. */
export type AdminCommandName =
  'operation.abort' | 'intake.drain' | 'intake.resume' | 'leader.transfer' | 'leader.confirm-time' | 'executor.rewind';

/** A command that changes no registry. It is signed by the registry key as `Commitment("admin", root)`. */
export const AdminCommand = new ContainerType(
  {
    /** An {@link AdminCommandName}. */
    command: text(64),
    /** `operation.abort`: the operation's id; `executor.rewind`: a `RewindTarget` in SSZ; else empty. */
    argument: new ByteListType(256),
    /** Wall time in ms; a command is taken within a minute of it, once. */
    issuedAtMs: Uint53,
    /** Random, so that two commands of one moment differ. */
    nonce: Bytes32,
  },
  { typeName: 'AdminCommand' },
);
export type AdminCommand = ValueOf<typeof AdminCommand>;

export const SignedAdminCommand = new ContainerType(
  { command: AdminCommand, signature: Signature },
  { typeName: 'SignedAdminCommand' },
);
export type SignedAdminCommand = ValueOf<typeof SignedAdminCommand>;
