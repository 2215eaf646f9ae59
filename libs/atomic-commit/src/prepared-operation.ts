/**
 * Recovers the signer of a digest.
 * @param digest 32 bytes
 * @param signature r ‖ s ‖ v, 65 bytes
 * @returns the signer's address, 20 bytes, or null when the signature is not valid
 */
export type RecoverAddress = (digest: Uint8Array, signature: Uint8Array) => Uint8Array | null;

/** A participant with the key that may vote for it: the one in force in PREPARE's block, whatever changed since. */
export interface Participant {
  chainId: number;
  votingKey: Uint8Array;
}

/** What the commit protocol knows of an operation once its PREPARE stands in the log. Its legs are opaque to it. */
export interface PreparedOperation {
  operationId: Uint8Array;
  /** Entry id of PREPARE. */
  prepareId: Uint8Array;
  /** Hash of the block that carries PREPARE. */
  prepareBlockHash: Uint8Array;
  /** Log time in ms. A decision in a block with this timestamp is in time. */
  deadlineMs: number;
  /** Ascending chain ids. */
  participants: Participant[];
}
