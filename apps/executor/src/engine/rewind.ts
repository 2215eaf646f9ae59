import { type Cursor, decodeSlice, type ReplaySource } from '#libs/executor-sdk';
import {
  AdminCommand,
  blockHash,
  bytesToHex,
  commitmentDigest,
  equalBytes,
  RewindTarget,
  SignedAdminCommand,
} from '#libs/protocol';
import { ExecutorError } from '../errors.js';
import type { ExecutorStore } from '../store/executor-store.js';

/** How far a command's time may be from ours. */
const FRESH_MS = 60_000;
const COMMAND = 'executor.rewind';

/** A block that the executor keeps: both the log and its own store have it. */
export interface Ancestor {
  number: number;
  hash: Uint8Array;
}

/** A public key's address from a digest and a signature; null where there is none. */
type Recover = (digest: Uint8Array, signature: Uint8Array) => Uint8Array | null;

/**
 * The block to which an operator orders an executor back.
 * @param bytes SSZ of a `SignedAdminCommand` `executor.rewind`, signed by the registry key
 * @throws ExecutorError `REWIND_REFUSED`
 */
export function checkRewind(bytes: Uint8Array, cursor: Cursor, recover: Recover, nowMs: number): number {
  const { command, signature } = decode(bytes, SignedAdminCommand);
  const name = new TextDecoder().decode(command.command);
  if (name !== COMMAND) throw refused(`this is no ${COMMAND} but a ${name}`);
  const signer = recover(commitmentDigest(cursor.logId, 'admin', AdminCommand.hashTreeRoot(command)), signature);
  if (!signer || !equalBytes(signer, cursor.registry.registryKey)) throw refused('the registry key did not sign it');
  if (Math.abs(nowMs - command.issuedAtMs) > FRESH_MS) {
    throw refused(`it was issued at ${command.issuedAtMs}, and it is ${nowMs}`);
  }
  const { chainId, number } = decode(command.argument, RewindTarget);
  if (chainId !== cursor.chainId) throw refused(`it is for rollup ${chainId}, this is ${cursor.chainId}`);
  if (number >= cursor.number) throw refused(`block ${number} is not before block ${cursor.number}, where it stands`);
  return number;
}

/**
 * Makes sure that a block is one that the log and this executor have in common.
 * @throws ExecutorError `REWIND_REFUSED`, with the newest block in common; what the replay throws
 */
export async function findAncestor(
  store: Pick<ExecutorStore, 'blockHash'>,
  source: ReplaySource,
  { chainId, logId }: Cursor,
  number: number,
): Promise<Ancestor> {
  const isCommon = async (at: number): Promise<Uint8Array | null> => {
    if (at === 0) return logId;
    const ours = await store.blockHash(at);
    const { slices } = await source.replay(chainId, { from: at, limit: 1, offset: 0 });
    const theirs = slices[0] && blockHash(decodeSlice(slices[0]).header);
    return ours && theirs && equalBytes(ours, theirs) ? ours : null;
  };
  const hash = await isCommon(number);
  if (hash) return { number, hash };
  // Branches have a beginning in common, so it can be bisected.
  let common = 0;
  for (let differing = number; differing - common > 1;) {
    const middle = common + Math.floor((differing - common) / 2);
    if (await isCommon(middle)) common = middle;
    else differing = middle;
  }
  throw refused(`the log has no block ${number} of this executor's; the newest in common is ${common}`);
}

/** What an operator is told. */
export function describeAncestor({ number, hash }: Ancestor): { number: number; hash: string } {
  return { number, hash: bytesToHex(hash) };
}

function decode<T>(bytes: Uint8Array, type: { deserialize(bytes: Uint8Array): T }): T {
  try {
    return type.deserialize(bytes);
  } catch (error) {
    throw refused(`its bytes are malformed: ${(error as Error).message}`);
  }
}

const refused = (reason: string): ExecutorError =>
  new ExecutorError(
    { code: 'REWIND_REFUSED', reason },
    `The executor does not rewind: ${reason}.`,
    'Sign executor.rewind with the registry key for the last block that the restore has kept.',
  );
