import { LockstepError, type ReasonName } from '#libs/protocol';

/** Which part of the evidence is at fault. */
export type EvidencePart = 'prepare' | 'decision' | 'price' | 'transaction';

/** Why evidence does not show what it is meant to. Hashes, ids and keys as hex. */
export type EvidenceErrorType =
  | { code: 'RULES_PROOF' }
  | { code: 'UNSUPPORTED_VERSION'; part: EvidencePart; version: number }
  | { code: 'FOREIGN_LOG'; part: EvidencePart; expected: string; got: string }
  | { code: 'REGISTRY_MISSING'; part: EvidencePart; number: number; root: string }
  | { code: 'UNKNOWN_LEADER'; part: EvidencePart; leader: string }
  | { code: 'HEADER_SIGNATURE'; part: EvidencePart; signer: string | null }
  | { code: 'ENTRY_OUTSIDE_BLOCK'; part: EvidencePart; sequence: bigint }
  | { code: 'WRONG_LANE'; part: EvidencePart; chainId: number; laneIndex: number }
  | { code: 'ENTRY_PROOF'; part: EvidencePart }
  | { code: 'WRONG_KIND'; part: EvidencePart; kind: number | null }
  | { code: 'ENTRY_SENDER'; part: EvidencePart; sender: string }
  | { code: 'ENTRY_UNREADABLE'; part: EvidencePart; reason: string }
  | { code: 'EQUIVOCATION'; number: number; hashes: [string, string] }
  | { code: 'WRONG_ORDER'; part: EvidencePart; field: 'number' | 'parent' | 'epoch' | 'timestamp' | 'sequence' }
  | { code: 'UNKNOWN_PARTICIPANT'; chainId: number }
  | { code: 'UNKNOWN_SERIES'; series: string }
  | { code: 'OPERATION_ID'; expected: string; got: string }
  | { code: 'INTENT_SIGNATURE'; field: string }
  | { code: 'PRICE_MISSING'; round: bigint }
  | { code: 'PRICE_STRAY' }
  | { code: 'PRICE_OTHER'; round: bigint }
  | { code: 'PRICE_SIGNATURE'; signer: string | null }
  | { code: 'PLAN_REFUSED'; reason: ReasonName }
  | { code: 'PLAN_DIFFERS' };

/** Evidence that does not hold. */
export class EvidenceError extends LockstepError<EvidenceErrorType> {}
