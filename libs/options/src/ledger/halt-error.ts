import { bytesToHex, LockstepError } from '#libs/protocol';

/** What stands in the log and must not: evidence against the leader that signed the block. */
export type LedgerHaltType = {
  blockNumber: number;
  blockHash: string;
  /** Global sequence of the entry. */
  sequence: bigint;
} & (
  | { code: 'HALT_ENTRY_UNREADABLE'; detail: string }
  | { code: 'HALT_TRANSACTION_CHAIN_ID'; chainId: number; expected: number }
  | { code: 'HALT_NONCE'; sender: string; nonce: bigint; expected: bigint }
  | { code: 'HALT_PRICE'; detail: string }
  | { code: 'HALT_REGISTRY_CHANGE'; detail: string }
  | { code: 'HALT_PREPARE_REPEATED'; operationId: string }
  | { code: 'HALT_DECISION_WITHOUT_PREPARE'; operationId: string }
  | { code: 'HALT_DECISION_INVALID'; operationId: string; fault: string; detail: string }
  | { code: 'HALT_COMMIT_WITHOUT_HOLD'; operationId: string; status: string }
);
export type LedgerHaltCode = LedgerHaltType['code'];

/** The log breaks a rule that no executor may pass over. The ledger takes no further block. */
export class LedgerHaltError extends LockstepError<LedgerHaltType> {
  constructor(type: LedgerHaltType, message: string, options?: ErrorOptions) {
    super(
      type,
      `${message} (block ${type.blockNumber}, sequence ${type.sequence})`,
      'Keep the block as evidence and run `lockstep audit`; the executor resumes from its store once the log is healed.',
      options,
    );
  }
}

/** Where an entry stands, for the evidence of a halt. */
export const haltPlace = (
  blockNumber: number,
  hash: Uint8Array,
  sequence: bigint,
): { blockNumber: number; blockHash: string; sequence: bigint } => ({
  blockNumber,
  blockHash: bytesToHex(hash),
  sequence,
});
